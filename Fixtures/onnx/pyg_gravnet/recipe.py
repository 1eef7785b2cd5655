"""A GravNet of PyTorch Geometric's message passing, by the TorchScript exporter."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from pyg_case import gravnet

gravnet(HERE, "neighbours by TopK in a learned space, mean and sum of messages", dynamo=False, opset=18, rtol=5e-5, atol=5e-6)
