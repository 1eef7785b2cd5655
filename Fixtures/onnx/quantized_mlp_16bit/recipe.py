"""A dense network, quantized to uint16 by samples, weights of int8."""

import pathlib
import sys


HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

from ort_case import store
from quantized import Samples, dense, exported, transformed, uniform

inputs = {"x": uniform(1, 16, 12)}
model = transformed(
    exported(dense(), inputs),
    lambda before, after: quantize_static(
        before,
        after,
        Samples([{"x": uniform(seed, 64, 12)} for seed in range(2, 6)]),
        quant_format=QuantFormat.QDQ,
        per_channel=False,
        activation_type=QuantType.QUInt16,
        weight_type=QuantType.QInt8,
        extra_options={"UseQDQContribOps": True},
    ),
)
store(
    HERE,
    model,
    inputs,
    "onnxruntime.quantization, static, QDQ",
    "QuantizeLinear and DequantizeLinear of com.microsoft, which had 16 bits first",
    ["torch"],
    rtol=1e-4,
    atol=2e-5,
    reason="a sum that is added in another order may be rounded to the next of 65536 steps",
    others={"one": {"x": uniform(7, 1, 12)}, "beyond": {"x": uniform(8, 5, 12, low=-4, high=4)}},
)
