"""Masked self-attention over the particles of a jet, with a pairwise bias."""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Block(nn.Module):
    def __init__(self, width=24, heads=4):
        super().__init__()
        self.heads = heads
        self.embed, self.qkv, self.out = nn.Linear(6, width), nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width, eps=1e-6)
        self.expand, self.contract = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.pair, self.head = nn.Linear(1, heads), nn.Linear(width, 2)

    def forward(self, particles, mask):
        x = self.embed(particles)
        batch, count, width = x.shape
        query, key, value = (
            part.reshape(batch, count, self.heads, width // self.heads).transpose(1, 2)
            for part in self.qkv(self.before(x)).chunk(3, dim=2)
        )
        angle = particles[:, :, 1:3]
        distance = ((angle.unsqueeze(2) - angle.unsqueeze(1)) ** 2).sum(dim=3, keepdim=True)
        bias = self.pair(torch.log(distance + 1e-8)).permute(0, 3, 1, 2)
        weight = query @ key.transpose(2, 3) / (width // self.heads) ** 0.5 + bias
        weight = torch.softmax(weight.masked_fill(~mask[:, None, None, :], float("-inf")), dim=3)
        x = x + self.out((weight @ value).transpose(1, 2).reshape(batch, count, width))
        x = x + self.contract(nn.functional.gelu(self.expand(self.after(x))))
        kept = mask.unsqueeze(2).float()
        return self.head((x * kept).sum(dim=1) / kept.sum(dim=1))


def jets(seed, batch, count):
    lengths = np.random.default_rng(seed).integers(1, count + 1, batch)
    return {"particles": uniform(seed, batch, count, 6), "mask": np.arange(count) < lengths[:, None]}


torch.manual_seed(18)
make(
    HERE,
    Block(),
    jets(1, 5, 12),
    ["logits"],
    17,
    {"particles": {0: "batch", 1: "n_particles"}, "mask": {0: "batch", 1: "n_particles"}, "logits": {0: "batch"}},
    "LayerNormalization, MatMul, Softmax, GELU by Erf, a Boolean mask, the logarithm of small distances",
    rtol=5e-5,
    atol=5e-6,
    others={"one_particle": jets(2, 2, 1), "long": jets(3, 1, 30)},
)
