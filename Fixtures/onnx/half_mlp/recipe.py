"""A dense network stored in half precision."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Half(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3)).half()

    def forward(self, x):
        return self.layers(x.half()).float()


torch.manual_seed(24)
make(
    HERE,
    Half(),
    {"x": uniform(1, 8, 6)},
    ["logits"],
    13,
    {"x": {0: "batch"}, "logits": {0: "batch"}},
    "float16 weights between two casts",
    rtol=2e-3,
    atol=2e-3,
    reason="libraries differ in where they round to float16",
)
