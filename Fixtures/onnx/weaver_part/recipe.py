"""weaver's Particle Transformer, by the TorchScript exporter."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from weaver_case import transformer, store

store(
    HERE,
    transformer(),
    False,
    "pairwise features of four-momenta, written to both triangles; attention with a mask, class attention",
    dynamo=False,
    opset=17,
    rtol=5e-5,
    atol=5e-6,
)
