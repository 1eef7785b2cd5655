"""Self-attention as ONNX Runtime keeps it after its own optimizations."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from ort_case import optimized, store
from block import exported_block, jets

store(
    HERE,
    optimized(exported_block()),
    jets(1, 5, 12),
    "torch, TorchScript exporter; optimized by onnxruntime, extended",
    "SkipLayerNormalization, FusedMatMul, BiasGelu of com.microsoft",
    ["torch"],
    rtol=5e-5,
    atol=5e-6,
    others={"one_particle": jets(2, 2, 1), "long": jets(3, 1, 30)},
)
