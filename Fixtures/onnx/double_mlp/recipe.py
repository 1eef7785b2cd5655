"""A dense network in double precision."""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform

torch.manual_seed(23)
network = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 16), nn.SiLU(), nn.Linear(16, 2), nn.Softmax(dim=1)).double()
make(
    HERE,
    network,
    {"x": uniform(1, 8, 6).astype(np.float64)},
    ["probabilities"],
    14,
    {"x": {0: "batch"}, "probabilities": {0: "batch"}},
    "float64 throughout",
    rtol=1e-12,
    atol=1e-14,
    reason="float64 sums in another order",
)
