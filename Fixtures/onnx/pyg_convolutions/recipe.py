"""PyTorch Geometric's GCNConv and EdgeConv, by the TorchScript exporter."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from pyg_case import convolutions

convolutions(
    HERE, "self-loops added and removed, degrees, scattered sums and means", dynamo=False, opset=18, rtol=5e-5, atol=5e-6
)
