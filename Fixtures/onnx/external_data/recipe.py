"""Weights kept in a file beside the model, at offsets."""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform

import onnx
import onnxruntime
import case
from torch_case import export, run, PACKAGES

torch.manual_seed(32)
network = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)).eval()
inputs = {"x": uniform(1, 8, 8)}
export(network, inputs, ["logits"], HERE / "model.onnx", 18, {"x": {0: "batch"}}, True)
model = onnx.load(HERE / "model.onnx")
(HERE / "weights.bin").unlink(missing_ok=True)
# 256 bytes and more go outside; the smallest bias stays inside.
onnx.save(model, HERE / "model.onnx", save_as_external_data=True, location="weights.bin", size_threshold=200)
outside = [item.name for item in onnx.load(HERE / "model.onnx", load_external_data=False).graph.initializer if item.external_data]
expected = run(network, inputs)[0]
session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
assert np.allclose(session.run(None, inputs)[0], expected, rtol=1e-5, atol=1e-6)
np.savez_compressed(HERE / "inputs.npz", **inputs)
np.savez_compressed(HERE / "expected.npz", logits=expected)
case.write(
    HERE,
    "onnx",
    "torch, dynamo exporter, optimize=False; weights moved by onnx",
    PACKAGES,
    "initializers in weights.bin beside the model: " + ", ".join(outside),
    1e-5,
    1e-6,
    "float32 sums in another order",
    opset=18,
)
print("external_data: outside are", outside)
