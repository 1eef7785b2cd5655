"""A convolutional network as ONNX Runtime keeps it after its own optimizations."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from ort_case import optimized, store
from quantized import convolutions, exported, uniform

inputs = {"x": uniform(1, 16, 1, 12, 12)}

store(
    HERE,
    optimized(exported(convolutions(), inputs)),
    inputs,
    "torch, TorchScript exporter; optimized by onnxruntime, extended",
    "FusedConv of com.microsoft, with a sum and an activation",
    ["torch"],
    rtol=1e-5,
    atol=1e-6,
    others={"one": {"x": uniform(2, 1, 1, 12, 12)}},
)
