"""Networks in the manner of high-energy physics; their classes are imported by name when a pickled module is read."""

import os

import torch
from torch import Tensor, nn


class Perceptron(nn.Module):
    def __init__(self, features=16, classes=3):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, 32), nn.ReLU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, classes))

    def forward(self, x):
        return self.layers(x).softmax(dim=-1)


class Regularised(nn.Module):
    """What behaves differently in training: batch normalisation and dropout."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(16), nn.Linear(16, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(0.5), nn.Linear(24, 2))

    def forward(self, x):
        return self.layers(x)


class DeepSets(nn.Module):
    def __init__(self):
        super().__init__()
        self.each = nn.Sequential(nn.Linear(7, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU())
        self.all = nn.Sequential(nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        weight = mask.unsqueeze(-1)
        pooled = (self.each(x) * weight).sum(dim=1) / (weight.sum(dim=1) + 1e-6)
        return self.all(pooled).softmax(dim=-1)


class EdgeConv(nn.Module):
    """A block of ParticleNet: an edge to each of the nearest neighbours by the first two features."""

    def __init__(self, neighbours=4, last="mean"):
        super().__init__()
        self.neighbours = neighbours
        self.edge = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU())
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        place = x[..., :2]
        distance = (place.unsqueeze(2) - place.unsqueeze(1)).square().sum(dim=-1)
        near = distance.topk(self.neighbours + 1, dim=-1, largest=False).indices[..., 1:]
        batch, count, width = x.shape
        index = near.reshape(batch, count * self.neighbours, 1).expand(-1, -1, width)
        other = x.gather(1, index).reshape(batch, count, self.neighbours, width)
        own = x.unsqueeze(2).expand_as(other)
        return self.head(self.edge(torch.cat([own, other - own], dim=-1)).mean(dim=2).mean(dim=1))


class Attention(nn.Module):
    """Several heads, a bias for each pair, and a mask of particles that are there."""

    def __init__(self, width=16, heads=2):
        super().__init__()
        self.heads = heads
        self.inner = nn.Linear(width, 3 * width)
        self.outer = nn.Linear(width, width)

    def forward(self, x, bias, mask):
        batch, count, width = x.shape
        query, key, value = self.inner(x).reshape(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        score = query @ key.transpose(-1, -2) / (width // self.heads) ** 0.5 + bias.unsqueeze(1)
        score = score.masked_fill(~mask[:, None, None, :], float("-inf"))
        return self.outer((score.softmax(dim=-1) @ value).transpose(1, 2).reshape(batch, count, width))


class ParticleTransformer(nn.Module):
    """The Particle Transformer in small: pairwise features bias the attention."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 16), nn.GELU())
        self.attention = nn.ModuleList(Attention() for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(16) for _ in range(2))
        self.pair = nn.Parameter(torch.tensor(0.3))
        self.head = nn.Linear(16, 3)

    def forward(self, x, mask):
        distance = (x[:, :, None, :2] - x[:, None, :, :2]).square().sum(dim=-1)
        bias = self.pair * torch.log(distance + 1e-8)
        here = mask > 0.5
        here = torch.cat([torch.ones_like(here[:, :1]), here[:, 1:]], dim=1)
        value = self.embed(x)
        for attention, norm in zip(self.attention, self.norms):
            value = value + attention(norm(value), bias, here)
        weight = here.unsqueeze(-1).to(value.dtype)
        return self.head((value * weight).sum(dim=1) / weight.sum(dim=1))


class LibraryTransformer(nn.Module):
    """torch's own encoder layer, whose length one of the exporters bakes in."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x):
        return self.encoder(x).mean(dim=1)


class FixedLength(nn.Module):
    """Makes a Python number of the number of particles, which every exporter stores as a constant."""

    def forward(self, x):
        return x.sum(dim=1) / float(int(x.shape[1]))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.cells = kind(6, 12, num_layers=2, batch_first=True, bidirectional=kind is nn.GRU)
        self.head = nn.Linear(24 if kind is nn.GRU else 12, 2)

    def forward(self, x):
        return self.head(self.cells(x)[0][:, -1])


class CalorimeterCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(4, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))

    def forward(self, image):
        return self.layers(image)


class GraphNetwork(nn.Module):
    """Messages along edges, added up at their targets."""

    def __init__(self, by):
        super().__init__()
        self.by = by
        self.message = nn.Sequential(nn.Linear(8, 12), nn.ReLU())
        self.update = nn.Linear(16, 4)

    def forward(self, nodes, source, target):
        messages = self.message(torch.cat([nodes[source], nodes[target]], dim=-1))
        zeros = nodes.new_zeros((nodes.shape[0], 12))
        if self.by == "index_add":
            received = zeros.index_add(0, target, messages)
        else:
            received = zeros.scatter_add(0, target.unsqueeze(-1).expand_as(messages), messages)
        return self.update(torch.cat([nodes, received], dim=-1))


class SmallConstant(nn.Module):
    """1 / (x + 1e-8) of values that are 0."""

    def forward(self, x):
        return torch.log(x.relu() + 1e-8) * (1 + 1e-6), 1 / (x.relu() + 1e-8)


class Heads(nn.Module):
    """A dictionary of outputs from two inputs that share a dimension."""

    def __init__(self):
        super().__init__()
        self.track, self.jet = nn.Linear(5, 8), nn.Linear(3, 8)
        self.flavour, self.energy = nn.Linear(8, 4), nn.Linear(8, 1)

    def forward(self, tracks, jet):
        both = self.track(tracks).amax(dim=1) + self.jet(jet)
        return {"flavour": self.flavour(both).log_softmax(dim=-1), "energy": self.energy(both.relu())}


class Unrolled(nn.Module):
    """Control flow that depends on sizes, which only scripting keeps."""

    def __init__(self):
        super().__init__()
        self.step = nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros_like(x[:, 0])
        for index in range(x.shape[1]):
            state = torch.tanh(self.step(state + x[:, index]))
        return state


class OptionalMask(nn.Module):
    """The last inputs may be left out."""

    def forward(self, x, mask=None, scale=None):
        return (x if mask is None else x * mask.unsqueeze(-1)).sum(dim=1)


class Nested(nn.Module):
    def forward(self, x):
        return x, [x, x]


class Aborting(nn.Module):
    """Ends its process as a crash does."""

    def forward(self, x):
        os.abort()
