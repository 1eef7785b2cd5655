"""A GravNet of PyTorch Geometric's message passing, by the newer exporter."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from pyg_case import gravnet

gravnet(HERE, "neighbours by TopK in a learned space, mean and maximum of messages", dynamo=True, opset=18, rtol=5e-5, atol=5e-6)
