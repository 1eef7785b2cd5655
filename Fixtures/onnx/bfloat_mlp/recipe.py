"""A dense network with bfloat16 weights between float32 inputs and outputs, which ONNX Runtime does not run."""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import PACKAGES, case, export, run, uniform


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        layers = nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 4)
        self.layers = nn.Sequential(*layers).to(torch.bfloat16)

    def forward(self, x):
        return self.layers(x.to(torch.bfloat16)).float()


torch.manual_seed(45)
network, inputs, path = Network().eval(), {"x": uniform(1, 16, 12)}, HERE / "model.onnx"
export(network, inputs, ["logits"], path, 18, {"x": {0: "batch"}, "logits": {0: "batch"}}, True)
np.savez_compressed(HERE / "inputs.npz", **inputs)
np.savez_compressed(HERE / "expected.npz", logits=run(network, inputs)[0])
case.write(
    HERE,
    "onnx",
    "torch, dynamo exporter, optimize=False",
    PACKAGES,
    "bfloat16 weights and layers; ONNX Runtime does not run it",
    2e-2,
    8e-3,
    "bfloat16 has 8 bits",
    opset=18,
)
