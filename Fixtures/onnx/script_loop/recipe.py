"""A network with a loop over the particles and a branch, kept as control flow."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Walk(nn.Module):
    def __init__(self):
        super().__init__()
        self.step, self.head = nn.Linear(8, 4), nn.Linear(4, 1)

    def forward(self, particles: torch.Tensor):
        state = torch.zeros(4)
        for index in range(particles.shape[0]):
            state = torch.tanh(self.step(torch.cat([particles[index], state])))
        if bool(state.sum() > 0):
            score = self.head(state)
        else:
            score = -self.head(state * 2.0)
        return score, state


torch.manual_seed(25)
make(
    HERE,
    torch.jit.script(Walk()),
    {"particles": uniform(1, 5, 4)},
    ["score", "state"],
    14,
    {"particles": {0: "n_particles"}},
    "Loop and If over a dynamic number of particles",
    others={
        "positive": {"particles": uniform(2, 9, 4)},
        "one": {"particles": uniform(4, 1, 4)},
        "empty": {"particles": uniform(3, 0, 4)},
    },
)
