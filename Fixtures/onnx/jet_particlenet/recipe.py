"""A small ParticleNet: edge convolutions over the nearest neighbours, first in angle, then in learned features.

python recipe.py --training training.root
"""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import tagger

NEIGHBOURS = 8


def neighbours(points):
    """The nearest particles of each, itself among them: [batch, particles, min(NEIGHBOURS, particles)]."""
    distance = ((points.unsqueeze(2) - points.unsqueeze(1)) ** 2).sum(dim=3)
    # A tensor, so that a traced graph keeps the number of neighbours dynamic.
    count = torch._shape_as_tensor(points)[1].clamp(max=NEIGHBOURS)
    return torch.topk(distance, count, dim=2, largest=False, sorted=True)[1]


class EdgeConvolution(nn.Module):
    def __init__(self, features, width):
        super().__init__()
        self.first, self.second = nn.Linear(2 * features, width, bias=False), nn.Linear(width, width, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(width), nn.BatchNorm2d(width)])
        self.shortcut = nn.Linear(features, width)

    def forward(self, points, features):
        index = neighbours(points)
        batch, particles, count = index.shape
        base = torch.arange(batch, device=index.device).reshape(-1, 1, 1) * particles
        flat = features.reshape(-1, features.shape[2])
        near = flat[(index + base).reshape(-1)].reshape(batch, particles, count, -1)
        own = features.unsqueeze(2).expand_as(near)
        edges = torch.cat([own, near - own], dim=3)
        for layer, norm in zip((self.first, self.second), self.norms):
            edges = torch.relu(norm(layer(edges).permute(0, 3, 1, 2))).permute(0, 2, 3, 1)
        return torch.relu(edges.mean(dim=2) + self.shortcut(features))


class ParticleNet(nn.Module):
    def __init__(self, features=10, jet=5):
        super().__init__()
        self.blocks = nn.ModuleList([EdgeConvolution(features, 24), EdgeConvolution(24, 32)])
        self.head = nn.Sequential(nn.Linear(2 * 32 + jet, 48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 3))

    def logits(self, constituents, jet):
        angles = constituents[:, :, 2:4]
        features = self.blocks[0](angles, constituents)
        features = self.blocks[1](features, features)
        return self.head(torch.cat([features.mean(dim=1), features.amax(dim=1), jet], dim=1))

    def forward(self, constituents, jet):
        return torch.softmax(self.logits(constituents, jet), dim=1)


def export(network, example, path):
    torch.onnx.export(
        network,
        example,
        str(path),
        dynamo=False,
        opset_version=16,
        input_names=["constituents", "jet"],
        output_names=["probabilities"],
        dynamic_axes={"constituents": {0: "batch", 1: "particles"}, "jet": {0: "batch"}, "probabilities": {0: "batch"}},
    )


if __name__ == "__main__":
    torch.manual_seed(4)
    tagger.make(
        HERE,
        ParticleNet(),
        6,
        export,
        "b/c/light tagger, ParticleNet: TopK, Gather, edge convolutions, batch normalisation",
        5e-5,
        "float32 sums in another order through two edge convolutions",
        "TorchScript exporter, opset 16",
    )
