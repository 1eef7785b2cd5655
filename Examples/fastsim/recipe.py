"""A variational autoencoder of showers, conditional on energy, by PyTorch; its decoder is the fast simulation."""

import pathlib
import sys

import numpy
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipes
import simulation

LATENT, CELLS = 6, (15, 6)
SIZE = CELLS[0] * CELLS[1]


def condition(energy):
    return torch.log(energy / 30)


class Decoder(nn.Module):
    """Roots of energies: their Poisson fluctuations have one width in all cells, which suits a normal distribution."""

    def __init__(self):
        super().__init__()
        self.mean = nn.Sequential(nn.Linear(LATENT + 1, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, SIZE))
        self.width = nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, SIZE))

    def roots(self, latent, energy):
        given = condition(energy)
        return self.mean(torch.cat([latent, given], dim=1)) * torch.sqrt(energy / 30), self.width(given) - 2.3

    def forward(self, latent, noise, energy):
        mean, width = self.roots(latent, energy)
        return torch.relu(mean + torch.exp(width) * noise).square().reshape(-1, *CELLS)


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    random = numpy.random.default_rng(1)
    energy = 10 * numpy.exp(random.random(16000) * numpy.log(10))
    cells = torch.from_numpy(numpy.sqrt(simulation.showers(2, energy)).reshape(-1, SIZE).astype(numpy.float32))
    energies = torch.from_numpy(energy.astype(numpy.float32))[:, None]
    encoder = nn.Sequential(nn.Linear(SIZE + 1, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 2 * LATENT))
    decoder = Decoder()

    def loss(part):
        x, e = cells[part], energies[part]
        centre, spread = encoder(torch.cat([x / torch.sqrt(e / 30), condition(e)], dim=1)).chunk(2, dim=1)
        latent = centre + torch.exp(spread) * torch.randn_like(centre)
        mean, width = decoder.roots(latent, e)
        likelihood = (0.5 * ((x - mean) / torch.exp(width)) ** 2 + width).sum(dim=1)
        prior = (0.5 * (centre**2 + torch.exp(2 * spread) - 1) - spread).sum(dim=1)
        return (likelihood + prior).mean() / SIZE

    recipes.fit(nn.ModuleList([encoder, decoder]), loss, lambda _: numpy.array_split(random.permutation(len(cells)), len(cells) // 160), 14, 4e-3)
    normal = lambda *shape: random.normal(size=shape).astype(numpy.float32)
    inputs = {"latent": normal(64, LATENT), "noise": normal(64, SIZE), "energy": random.uniform(10, 100, (64, 1)).astype(numpy.float32)}
    recipes.torch_to_onnx(
        HERE, decoder, inputs, ["cells"], {name: {0: "batch"} for name in inputs}, 1e-4, 2e-6,
        "float32 sums in another order, squared near zero", dynamo=False)


if __name__ == "__main__":
    main()
