"""Contractions between particles and between their features."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.bilinear = nn.Parameter(torch.randn(3, 5, 4) / 3)

    def forward(self, left, right):
        scores = torch.einsum("bnd,kde,bme->bknm", left, self.bilinear, right)
        gram = torch.einsum("bnd,bnd->bn", left, left)
        moment = torch.einsum("bn,bnd,bne->bde", gram, left, left)
        return scores.amax(dim=3), moment, torch.einsum("bdd->b", moment)


torch.manual_seed(20)
make(
    HERE,
    Network(),
    {"left": uniform(1, 3, 6, 5), "right": uniform(2, 3, 8, 4)},
    ["scores", "moment", "trace"],
    12,
    {
        "left": {0: "batch", 1: "n"},
        "right": {0: "batch", 1: "m"},
        "scores": {0: "batch", 2: "n"},
        "moment": {0: "batch"},
        "trace": {0: "batch"},
    },
    "Einsum with two and three operands, a repeated index, dynamic sizes",
    rtol=2e-5,
    others={"batch_1": {"left": uniform(3, 1, 1, 5), "right": uniform(4, 1, 2, 4)}},
)
