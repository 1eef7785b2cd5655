"""Invariant masses and ordering, computed inside the graph."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Kinematics(nn.Module):
    def forward(self, pt, eta, phi):
        separation = eta.unsqueeze(2) - eta.unsqueeze(1)
        cosh = (torch.exp(separation) + torch.exp(-separation)) / 2
        square = 2 * pt.unsqueeze(2) * pt.unsqueeze(1) * (cosh - torch.cos(phi.unsqueeze(2) - phi.unsqueeze(1)))
        mass = torch.sqrt(torch.where(square > 0, square, torch.zeros_like(square)))
        turn = torch.remainder(phi.unsqueeze(2) - phi.unsqueeze(1) + torch.pi, 2 * torch.pi) - torch.pi
        leading, index = torch.topk(pt, 3, dim=1)
        running = torch.cumsum(pt, dim=1)
        aligned = torch.atan(turn) * torch.sign(turn) + torch.floor(eta).abs().unsqueeze(1)
        return mass, aligned, leading, torch.gather(eta, 1, index), running / running[:, -1:], (pt > 20).sum(dim=1)


def particles(seed, batch, count):
    return {
        "pt": uniform(seed, batch, count, low=1, high=100),
        "eta": uniform(seed + 1, batch, count, low=-2.5, high=2.5),
        "phi": uniform(seed + 2, batch, count, low=-3.14, high=3.14),
    }


torch.manual_seed(22)
each = {0: "batch", 1: "n_particles"}
make(
    HERE,
    Kinematics(),
    particles(1, 4, 7),
    ["mass", "aligned", "leading", "leading_eta", "running", "count"],
    15,
    {
        "pt": each,
        "eta": each,
        "phi": each,
        "mass": {**each, 2: "n_particles"},
        "aligned": {**each, 2: "n_particles"},
        "leading": {0: "batch"},
        "leading_eta": {0: "batch"},
        "running": each,
        "count": {0: "batch"},
    },
    "trigonometry, Where, TopK, GatherElements, CumSum, Mod, comparisons",
    rtol=1e-4,
    atol=1e-2,
    reason="the mass of nearly collinear particles is the root of a difference: 0.01 GeV of noise",
    others={"three": particles(5, 2, 3)},
)
