"""weaver's ParticleNet, by the newer exporter."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from weaver_case import particlenet, store

store(
    HERE,
    particlenet(),
    True,
    "the network of weaver_particlenet as the dynamo exporter writes it",
    dynamo=True,
    opset=18,
    rtol=5e-5,
    atol=5e-6,
)
