"""Self-attention with the fusions of onnxruntime.transformers for BERT."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from ort_case import store
from block import exported_block, fused, jets

store(
    HERE,
    fused(exported_block()),
    jets(1, 5, 12),
    "torch, TorchScript exporter; onnxruntime.transformers.optimizer",
    "Attention or MultiHeadAttention, SkipLayerNormalization, BiasGelu of com.microsoft",
    ["torch"],
    rtol=5e-5,
    atol=5e-6,
    others={"one_particle": jets(2, 2, 1), "long": jets(3, 1, 30)},
)
