"""A convolutional network with int8 activations and a scale for each channel, as QuantizeLinear and DequantizeLinear."""

import pathlib
import sys

import onnx

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

from ort_case import expose, outputs_of, store
from quantized import Samples, convolutions, exported, transformed, uniform

inputs = {"x": uniform(1, 16, 1, 12, 12)}
model = transformed(
    exported(convolutions(), inputs),
    lambda before, after: quantize_static(
        before,
        after,
        Samples([{"x": uniform(seed, 64, 1, 12, 12)} for seed in range(2, 6)]),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
    ),
)
expose(model, outputs_of(model, "QuantizeLinear"), onnx.TensorProto.INT8)
store(
    HERE,
    model,
    inputs,
    "onnxruntime.quantization, static, QDQ",
    "per-channel weights, int32 biases; every value that QuantizeLinear rounds is an output too",
    ["torch"],
    others={"one": {"x": uniform(7, 1, 1, 12, 12)}, "beyond": {"x": uniform(8, 5, 1, 12, 12, low=-4, high=4)}},
)
