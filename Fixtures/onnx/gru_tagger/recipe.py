"""A bidirectional GRU over the particles of a jet."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.recurrent = nn.GRU(6, 20, batch_first=True, bidirectional=True)
        self.head = nn.Linear(40, 3)

    def forward(self, particles):
        states, last = self.recurrent(particles)
        return torch.softmax(self.head(torch.cat([last[0], last[1]], dim=1)), dim=1), states


torch.manual_seed(13)
make(
    HERE,
    Tagger(),
    {"particles": uniform(1, 5, 9, 6)},
    ["probabilities", "states"],
    11,
    {"particles": {0: "batch", 1: "n_particles"}, "probabilities": {0: "batch"}, "states": {0: "batch", 1: "n_particles"}},
    "bidirectional GRU (linear before reset), dynamic batch and particles",
    rtol=2e-5,
    others={"one_particle": {"particles": uniform(2, 3, 1, 6)}, "long": {"particles": uniform(3, 1, 40, 6)}},
)
