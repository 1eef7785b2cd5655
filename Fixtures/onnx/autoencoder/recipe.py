"""An autoencoder that scores how unusual an event is."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.randn(16))
        self.register_buffer("width", torch.rand(16) + 0.5)
        self.encoder = nn.Sequential(nn.Linear(16, 12), nn.PReLU(12), nn.Linear(12, 4))
        self.decoder = nn.Sequential(nn.Linear(4, 12), nn.ReLU6(), nn.Linear(12, 16))

    def forward(self, x):
        scaled = torch.clamp((x - self.mean) / self.width, -4, 4)
        code = torch.tanh(self.encoder(scaled))
        error = (self.decoder(code) - scaled) ** 2
        return code, error.mean(dim=1), error.argmax(dim=1)


torch.manual_seed(21)
make(
    HERE,
    Autoencoder(),
    {"x": uniform(1, 16, 16, low=-3, high=3)},
    ["code", "anomaly", "worst"],
    13,
    {"x": {0: "batch"}, "code": {0: "batch"}, "anomaly": {0: "batch"}, "worst": {0: "batch"}},
    "three outputs, one of them int64 (ArgMax); PRelu, Clip, ReduceMean",
    others={"batch_1": {"x": uniform(2, 1, 16)}},
)
