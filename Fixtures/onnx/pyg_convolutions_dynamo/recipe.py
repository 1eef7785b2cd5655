"""PyTorch Geometric's GCNConv, EdgeConv and GATConv, by the newer exporter."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from pyg_case import convolutions

convolutions(
    HERE,
    "self-loops, degrees, scattered sums and maxima, a softmax over the edges of a node",
    dynamo=True,
    opset=18,
    rtol=5e-5,
    atol=5e-6,
)
