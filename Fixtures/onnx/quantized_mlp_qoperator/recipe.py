"""A dense network as operators on quantized tensors."""

import pathlib
import sys

import onnx

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

from ort_case import expose, store
from quantized import Samples, dense, exported, transformed, uniform

inputs = {"x": uniform(1, 16, 12)}
model = transformed(
    exported(dense(), inputs),
    lambda before, after: quantize_static(
        before,
        after,
        Samples([{"x": uniform(seed, 64, 12)} for seed in range(2, 6)]),
        quant_format=QuantFormat.QOperator,
        per_channel=False,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    ),
)
expose(model, [node.output[0] for node in model.graph.node if node.op_type.startswith("Q")], onnx.TensorProto.UINT8)
store(
    HERE,
    model,
    inputs,
    "onnxruntime.quantization, static, QOperator",
    "QGemm and QLinearSigmoid of com.microsoft, QLinearMatMul",
    ["torch"],
    others={"one": {"x": uniform(7, 1, 12)}, "beyond": {"x": uniform(8, 5, 12, low=-4, high=4)}},
)
