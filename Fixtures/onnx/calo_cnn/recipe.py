"""A convolutional network on calorimeter images."""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.BatchNorm2d(2)
        self.entry = nn.Conv2d(2, 8, (3, 5), padding=(1, 2))
        self.grouped = nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=4, bias=False)
        self.norm = nn.BatchNorm2d(12)
        self.dilated = nn.Conv2d(12, 12, 3, padding=2, dilation=2)
        self.head = nn.Linear(24, 3)

    def forward(self, image):
        x = torch.relu(self.entry(self.scale(torch.log1p(image))))
        x = nn.functional.max_pool2d(x, (3, 2), stride=2, padding=(1, 0))
        x = self.norm(torch.relu(self.grouped(x)))
        x = nn.functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        x = torch.relu(self.dilated(nn.functional.pad(x, (1, 0, 0, 1))))
        largest = nn.functional.adaptive_max_pool2d(x, 1).flatten(1)
        return self.head(torch.cat([nn.functional.adaptive_avg_pool2d(x, 1).flatten(1), largest], dim=1))


torch.manual_seed(15)
network = Network()
for norm in (network.scale, network.norm):
    norm.running_mean.uniform_(-0.2, 0.2)
    norm.running_var.uniform_(0.5, 2)
showers = np.maximum(uniform(1, 4, 2, 21, 30, low=-3, high=2), 0)
make(
    HERE,
    network,
    {"image": showers},
    ["logits"],
    11,
    {"image": {0: "batch"}, "logits": {0: "batch"}},
    "convolutions (grouped, strided, dilated), batch normalisation, max and average pooling, odd sizes",
    rtol=2e-5,
    others={"batch_1": {"image": showers[:1] * 3}},
)
