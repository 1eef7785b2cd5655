"""A dense network whose activations are quantized by their own range."""

import pathlib
import sys

import onnx

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from onnxruntime.quantization import QuantType, quantize_dynamic

from ort_case import expose, outputs_of, store
from quantized import dense, exported, transformed, uniform

inputs = {"x": uniform(1, 16, 12)}
model = transformed(
    exported(dense(), inputs, dynamic=False),
    lambda before, after: quantize_dynamic(before, after, per_channel=True, weight_type=QuantType.QInt8),
)
expose(model, outputs_of(model, "DynamicQuantizeLinear"), onnx.TensorProto.UINT8)
expose(model, outputs_of(model, "MatMulInteger"), onnx.TensorProto.INT32)
store(
    HERE,
    model,
    inputs,
    "onnxruntime.quantization, dynamic",
    "DynamicQuantizeLinear and MatMulInteger; the batch is fixed, since its range sets the scale; what is rounded, and the sums of it, are outputs too",
    ["torch"],
    others={"beyond": {"x": uniform(8, 16, 12, low=-4, high=40)}},
)
