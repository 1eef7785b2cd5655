"""Two LSTM layers over the particles of a jet, the second reading them backwards as well."""

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
        self.first = nn.LSTM(6, 16, batch_first=True)
        self.second = nn.LSTM(16, 12, batch_first=True, bidirectional=True)
        self.head = nn.Linear(24, 1)

    def forward(self, particles):
        states, _ = self.first(particles)
        states, (hidden, cell) = self.second(torch.relu(states))
        return torch.sigmoid(self.head(states[:, -1])), hidden, cell


torch.manual_seed(14)
make(
    HERE,
    Tagger(),
    {"particles": uniform(1, 4, 11, 6)},
    ["probability", "hidden", "cell"],
    14,
    {"particles": {0: "batch", 1: "n_particles"}, "probability": {0: "batch"}, "hidden": {1: "batch"}, "cell": {1: "batch"}},
    "LSTM and bidirectional LSTM with their final states, dynamic batch and particles",
    rtol=2e-5,
    others={"one_particle": {"particles": uniform(2, 3, 1, 6)}, "long": {"particles": uniform(3, 1, 50, 6)}},
)
