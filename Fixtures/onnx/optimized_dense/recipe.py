"""A dense network as ONNX Runtime keeps it after its own optimizations."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from ort_case import optimized, store
import torch
from torch import nn

from quantized import exported, uniform


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(12, 32), nn.Linear(32, 32), nn.Linear(32, 32, bias=False)
        self.norm, self.last = nn.LayerNorm(32), nn.Linear(32, 4)

    def forward(self, x):
        x = nn.functional.leaky_relu(self.a(x), 0.1)
        y = nn.functional.gelu(self.c(x) + self.b.bias)
        z = nn.functional.gelu(self.b(x), approximate="tanh")
        x = self.norm(x + y)
        scores = torch.matmul(x.unsqueeze(2), z.unsqueeze(1)).transpose(1, 2) * 0.125
        x = torch.matmul(torch.matmul(scores, scores.transpose(1, 2)), x.unsqueeze(2)).squeeze(2)
        return self.last(x)


torch.manual_seed(44)
inputs = {"x": uniform(1, 16, 12)}

store(
    HERE,
    optimized(exported(Network().eval(), inputs)),
    inputs,
    "torch, TorchScript exporter; optimized by onnxruntime, extended",
    "FusedGemm, FusedMatMul, BiasGelu and Gelu of com.microsoft",
    ["torch"],
    rtol=5e-5,
    atol=5e-6,
    others={"one": {"x": uniform(2, 1, 12)}},
)
