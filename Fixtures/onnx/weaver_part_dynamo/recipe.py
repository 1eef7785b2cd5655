"""weaver's Particle Transformer, by the newer exporter."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from weaver_case import transformer, store

network = transformer(num_layers=1)
# Nor a count of pairs that the particles decide, so both triangles are computed.
network.pair_embed.is_symmetric = False
# That exporter has no scaled-dot-product attention of free length; weaver has its own for older versions of torch.
for module in network.modules():
    if hasattr(module, "use_sdpa"):
        module.use_sdpa = False
store(
    HERE,
    network,
    False,
    "the network of weaver_part, with one layer less, as the dynamo exporter writes it, all pairs computed",
    dynamo=True,
    opset=18,
    rtol=5e-5,
    atol=5e-6,
)
