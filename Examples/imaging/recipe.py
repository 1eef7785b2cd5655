"""A convolutional network with two heads, photon or pion and energy, by PyTorch."""

import pathlib
import sys

import numpy
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipes
import simulation


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.kind = nn.Sequential(nn.Linear(25, 24), nn.ReLU(), nn.Linear(24, 1))
        self.scale = nn.Sequential(nn.Linear(25, 24), nn.ReLU(), nn.Linear(24, 1))

    def heads(self, image):
        total = image.sum(dim=(1, 2, 3))[:, None]
        shared = torch.cat([self.features(torch.log1p(20 * image)), total / 40], dim=1)
        return self.kind(shared), total * (1.1 + 0.1 * self.scale(shared))

    def forward(self, image):
        kind, energy = self.heads(image)
        return torch.sigmoid(kind), energy


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    images, energy, is_pion = simulation.images(1, 20000)
    x, truth = torch.from_numpy(images), torch.from_numpy(is_pion.astype(numpy.float32))[:, None]
    true_energy = torch.from_numpy(energy)[:, None]
    network, order = Network(), numpy.random.default_rng(2)

    def loss(part):
        kind, found = network.heads(x[part])
        spread = ((found - true_energy[part]) ** 2 / true_energy[part]).mean()
        return nn.functional.binary_cross_entropy_with_logits(kind, truth[part]) + 0.3 * spread

    recipes.fit(network, loss, lambda _: numpy.array_split(order.permutation(len(truth)), len(truth) // 128), 12, 4e-3)
    inputs = {"image": simulation.images(3, 24)[0]}
    recipes.torch_to_onnx(
        HERE, network, inputs, ["pion", "energy"], {"image": {0: "batch"}}, 2e-5, 2e-6, "float32 sums in another order")


if __name__ == "__main__":
    main()
