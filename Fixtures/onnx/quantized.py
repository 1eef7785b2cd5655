"""The networks that the recipes of quantized models share."""

import pathlib
import sys
import tempfile

import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader
from torch import nn

sys.path.append(str(pathlib.Path(__file__).parent))
from torch_case import export, uniform


class Convolutions(nn.Module):
    """Two convolutions, one of them around a residual sum, on a calorimeter image."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.pool, self.mean, self.last = nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Linear(8, 3)

    def forward(self, x):
        x = self.pool(torch.relu(self.first(x)))
        x = torch.relu(x + self.second(x))
        return self.last(self.mean(x).flatten(1))


def dense():
    torch.manual_seed(41)
    return nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 32), nn.Sigmoid(), nn.Linear(32, 4)).eval()


def convolutions():
    torch.manual_seed(42)
    return Convolutions().eval()


def exported(network, inputs, dynamic=True):
    """The network in float32, as the TorchScript exporter writes it."""
    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "model.onnx"
        axes = {name: {0: "batch"} for name in [*inputs, "logits"]} if dynamic else {}
        export(network, inputs, ["logits"], path, 17, axes, False)
        return onnx.load(path)


class Samples(CalibrationDataReader):
    def __init__(self, samples):
        self.samples = iter(samples)

    def get_next(self):
        return next(self.samples, None)


def transformed(model, action):
    """What an action that reads a file and writes another makes of a model."""
    with tempfile.TemporaryDirectory() as place:
        before, after = pathlib.Path(place) / "before.onnx", pathlib.Path(place) / "after.onnx"
        onnx.save(model, before)
        action(before, after)
        return onnx.load(after)


__all__ = ["Samples", "convolutions", "dense", "exported", "transformed", "uniform"]
