"""The oldest operator set still seen in experiment software: Dropout left in, Upsample with fixed scales."""

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
from torch_case import PACKAGES


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(10, 12), nn.Linear(24, 4)

    def forward(self, x):
        hidden = torch.tanh(self.first(x)).reshape(-1, 1, 3, 4)
        wide = nn.functional.interpolate(hidden, scale_factor=(1.0, 2.0), mode="nearest")
        return torch.softmax(self.second(wide.reshape(-1, 24)), dim=1)


def constant(name, tensor):
    return onnx.numpy_helper.from_array(tensor.detach().numpy(), name)


torch.manual_seed(31)
network = Network().eval()
node = onnx.helper.make_node
nodes = [
    node("Gemm", ["x", "w0", "b0"], ["h0"], transB=1),
    node("Tanh", ["h0"], ["h1"]),
    node("Dropout", ["h1"], ["h2", "unused_mask"], ratio=0.3),
    node("Reshape", ["h2", "image"], ["h3"]),
    node("Upsample", ["h3"], ["h4"], mode="nearest", scales=[1.0, 1.0, 1.0, 2.0]),
    node("Flatten", ["h4"], ["h5"]),
    node("Gemm", ["h5", "w1", "b1"], ["h6"], transB=1),
    node("Softmax", ["h6"], ["probabilities"]),
]
kind = onnx.TensorProto.FLOAT
graph = onnx.helper.make_graph(
    nodes,
    "mlp",
    [onnx.helper.make_tensor_value_info("x", kind, ["batch", 10])],
    [onnx.helper.make_tensor_value_info("probabilities", kind, ["batch", 4])],
    [
        constant("w0", network.first.weight),
        constant("b0", network.first.bias),
        constant("w1", network.second.weight),
        constant("b1", network.second.bias),
        constant("image", torch.tensor([-1, 1, 3, 4])),
    ],
)
for name in ("w0", "b0", "w1", "b1", "image"):  # before IR version 4 every initializer is an input as well
    tensor = next(item for item in graph.initializer if item.name == name)
    graph.input.append(onnx.helper.make_tensor_value_info(name, tensor.data_type, list(tensor.dims)))
model = onnx.helper.make_model(
    graph, opset_imports=[onnx.helper.make_opsetid("", 7)], ir_version=3, producer_name="torch weights"
)
onnx.checker.check_model(model)
onnx.save(model, HERE / "model.onnx")
x = uniform(1, 12, 10)
with torch.no_grad():
    expected = network(torch.from_numpy(x)).numpy()
other = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
print("mlp_opset7: onnxruntime within", np.abs(other - expected).max())
assert np.allclose(other, expected, rtol=1e-5, atol=1e-6)
np.savez_compressed(HERE / "inputs.npz", x=x)
np.savez_compressed(HERE / "expected.npz", probabilities=expected)
case.write(
    HERE,
    "onnx",
    "torch values; graph written by hand, IR version 3, opset 7",
    PACKAGES,
    "Gemm, Dropout with a mask output, Upsample with scales as attribute, Softmax without axis; initializers listed as inputs",
    1e-5,
    1e-6,
    "float32 sums in another order",
    opset=7,
)
