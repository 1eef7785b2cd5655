"""One-dimensional convolutions along a track."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform

torch.manual_seed(26)
network = nn.Sequential(
    nn.Conv1d(3, 8, 5, padding=2),
    nn.BatchNorm1d(8),
    nn.ReLU(),
    nn.MaxPool1d(2),
    nn.Conv1d(8, 8, 3, padding=1, groups=8),
    nn.Conv1d(8, 12, 1),
    nn.Hardswish(),
    nn.AvgPool1d(3, stride=2, padding=1),
    nn.Conv1d(12, 2, 3),
    nn.AdaptiveAvgPool1d(1),
    nn.Flatten(),
)
make(
    HERE,
    network,
    {"hits": uniform(1, 6, 3, 32)},
    ["slopes"],
    16,
    {"hits": {0: "batch", 2: "n_hits"}, "slopes": {0: "batch"}},
    "one-dimensional depthwise and pointwise convolutions and pooling, dynamic length",
    rtol=2e-5,
    others={"odd": {"hits": uniform(2, 2, 3, 19)}},
)
