"""A residual dense network with smooth activations, exported at opset 20."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(12, 32), nn.Linear(32, 32), nn.Linear(32, 2)
        self.norm = nn.LayerNorm(32)

    def forward(self, x):
        hidden = nn.functional.gelu(self.first(x))
        hidden = hidden + nn.functional.silu(self.norm(self.second(hidden)))
        hidden = hidden * torch.sigmoid(hidden) + nn.functional.mish(hidden) + nn.functional.gelu(hidden, approximate="tanh")
        return self.last(hidden)


torch.manual_seed(12)
make(
    HERE,
    Residual(),
    {"x": uniform(1, 16, 12)},
    ["logits"],
    20,
    {"x": {0: "batch"}},
    "residual dense network: GELU in both forms, SiLU, Mish, layer normalisation",
    dynamo=True,
    rtol=2e-5,
    others={"batch_1": {"x": uniform(2, 1, 12)}},
)
