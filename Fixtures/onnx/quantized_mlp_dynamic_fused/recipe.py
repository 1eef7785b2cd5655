"""The network of quantized_mlp_dynamic after ONNX Runtime's own optimizations."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from onnxruntime.quantization import QuantType, quantize_dynamic

from ort_case import optimized, store
from quantized import dense, exported, transformed, uniform


inputs = {"x": uniform(1, 16, 12)}
model = transformed(
    exported(dense(), inputs, dynamic=False),
    lambda before, after: quantize_dynamic(before, after, weight_type=QuantType.QUInt8),
)
store(
    HERE,
    optimized(model),
    inputs,
    "onnxruntime.quantization, dynamic; optimized by onnxruntime, extended",
    "DynamicQuantizeMatMul or MatMulIntegerToFloat of com.microsoft",
    ["torch"],
    others={"beyond": {"x": uniform(8, 16, 12, low=-4, high=40)}},
)
