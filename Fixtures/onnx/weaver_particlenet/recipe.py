"""weaver's ParticleNet, by the TorchScript exporter."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from weaver_case import particlenet, store

store(
    HERE,
    particlenet(),
    True,
    "nearest neighbours by TopK in coordinates, then in features; masks, batch normalization, fusion",
    dynamo=False,
    opset=17,
    rtol=5e-5,
    atol=5e-6,
)
