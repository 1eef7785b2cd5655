"""The decoder of a variational autoencoder for fast calorimeter simulation."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.entry = nn.Linear(9, 24 * 3 * 4)
        self.layers = nn.Sequential(
            nn.GroupNorm(4, 24),
            nn.ReLU(),
            nn.ConvTranspose2d(24, 12, 3, stride=2, padding=1, output_padding=1),
            nn.Tanh(),
            nn.ConvTranspose2d(12, 6, (4, 3), stride=(2, 1), padding=1, groups=3),
            nn.Hardtanh(-0.5, 2.0),
            nn.ConvTranspose2d(6, 1, 3, dilation=2),
        )
        self.energy = nn.Linear(9, 1)

    def forward(self, latent, condition):
        code = torch.cat([latent, condition.log()], dim=1)
        image = torch.sigmoid(self.layers(self.entry(code).reshape(-1, 24, 3, 4)))
        total = nn.functional.softplus(self.energy(code), beta=2.0)
        return image * total.reshape(-1, 1, 1, 1) / image.sum(dim=(1, 2, 3), keepdim=True)


torch.manual_seed(17)
make(
    HERE,
    Decoder(),
    {"latent": uniform(1, 3, 8), "condition": uniform(2, 3, 1, low=1, high=100)},
    ["shower"],
    12,
    {"latent": {0: "batch"}, "condition": {0: "batch"}, "shower": {0: "batch"}},
    "ConvTranspose with output padding, groups and dilation, group normalisation, Clip, Softplus",
    rtol=5e-5,
    atol=1e-8,
    others={"batch_1": {"latent": uniform(3, 1, 8), "condition": uniform(4, 1, 1, low=1, high=2)}},
)
