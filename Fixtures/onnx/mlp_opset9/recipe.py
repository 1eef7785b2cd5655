"""A dense network with the activations of older taggers, exported at opset 9."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform

torch.manual_seed(11)
network = nn.Sequential(
    nn.BatchNorm1d(8),
    nn.Linear(8, 24),
    nn.ELU(0.7),
    nn.Linear(24, 24),
    nn.SELU(),
    nn.Linear(24, 16),
    nn.LeakyReLU(0.2),
    nn.Linear(16, 16),
    nn.Softplus(),
    nn.Linear(16, 16),
    nn.Softsign(),
    nn.Linear(16, 4),
    nn.LogSoftmax(dim=1),
)
network[0].running_mean.uniform_(-1, 1)
network[0].running_var.uniform_(0.5, 2)
make(
    HERE,
    network,
    {"x": uniform(1, 16, 8, low=-3, high=3)},
    ["log_probabilities"],
    9,
    {"x": {0: "batch"}, "log_probabilities": {0: "batch"}},
    "dense network, one activation of each kind",
    others={"batch_1": {"x": uniform(2, 1, 8)}, "far": {"x": uniform(3, 6, 8, low=-200, high=200)}},
)
