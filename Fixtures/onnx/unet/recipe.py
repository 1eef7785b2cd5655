"""A U-Net that classifies calorimeter cells."""

import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


def block(inside, outside):
    return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1), nn.InstanceNorm2d(outside, affine=True), nn.LeakyReLU(0.1))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([block(1, 6), block(6, 10)])
        self.bottom = block(10, 12)
        self.up = nn.ConvTranspose2d(12, 10, 2, stride=2)
        self.join, self.last, self.cells = block(20, 8), block(14, 6), nn.Conv2d(6, 2, 1)

    def forward(self, image):
        first = self.down[0](image)
        second = self.down[1](nn.functional.max_pool2d(first, 2))
        x = self.bottom(nn.functional.avg_pool2d(second, 2))
        x = self.join(torch.cat([self.up(x), second], dim=1))
        x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        coarse = nn.functional.interpolate(second, scale_factor=2, mode="nearest")
        return torch.softmax(self.cells(self.last(torch.cat([x, first], dim=1))), dim=1), coarse.mean(dim=1)


torch.manual_seed(16)
make(
    HERE,
    Network(),
    {"image": uniform(1, 2, 1, 16, 24)},
    ["cells", "coarse"],
    13,
    {
        "image": {0: "batch", 2: "rows", 3: "columns"},
        "cells": {0: "batch", 2: "rows", 3: "columns"},
        "coarse": {0: "batch", 1: "rows", 2: "columns"},
    },
    "ConvTranspose, Resize (linear, nearest), Concat, instance normalisation, dynamic image size",
    rtol=5e-5,
    atol=5e-6,
    others={"other_size": {"image": uniform(2, 1, 1, 20, 12)}},
)
