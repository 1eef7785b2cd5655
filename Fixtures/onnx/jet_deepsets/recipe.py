"""A DeepSets jet tagger: one small network for each particle, their sum, another for the jet.

python recipe.py --training training.root
"""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import tagger


class DeepSets(nn.Module):
    def __init__(self, features=10, jet=5, width=48):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.rho = nn.Sequential(nn.Linear(width + jet, width), nn.ReLU(), nn.Linear(width, 24), nn.ReLU(), nn.Linear(24, 3))

    def logits(self, constituents, jet):
        return self.rho(torch.cat([self.phi(constituents).sum(dim=1), jet], dim=1))

    def forward(self, constituents, jet):
        return torch.softmax(self.logits(constituents, jet), dim=1)


def export(network, example, path):
    # The exporter's default optimisation drops small additive constants.
    batch, particles = torch.export.Dim("batch"), torch.export.Dim("particles")
    program = torch.onnx.export(
        network,
        example,
        dynamo=True,
        optimize=False,
        opset_version=18,
        input_names=["constituents", "jet"],
        output_names=["probabilities"],
        dynamic_shapes=({0: batch, 1: particles}, {0: batch}),
        external_data=False,
    )
    program.save(str(path))


if __name__ == "__main__":
    torch.manual_seed(3)
    tagger.make(
        HERE,
        DeepSets(),
        12,
        export,
        "b/c/light tagger, DeepSets without padding, dynamic batch and particles",
        2e-5,
        "float32 sums over up to 40 particles in another order",
        "dynamo exporter, optimize=False, opset 18",
    )
