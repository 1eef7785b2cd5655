"""Softmax as it was before opset 13: over all axes from the given one on."""

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

x = uniform(1, 2, 3, 4, low=-3, high=3)
node, info = onnx.helper.make_node, onnx.helper.make_tensor_value_info
names = {"from_one": {"axis": 1}, "from_two": {"axis": 2}, "by_default": {}}
graph = onnx.helper.make_graph(
    [node("Softmax", ["x"], [name], **attributes) for name, attributes in names.items()]
    + [node("LogSoftmax", ["x"], ["logarithm"], axis=1), node("Hardmax", ["x"], ["hard"], axis=1)],
    "softmax",
    [info("x", onnx.TensorProto.FLOAT, ["batch", 3, 4])],
    [info(name, onnx.TensorProto.FLOAT, ["batch", 3, 4]) for name in [*names, "logarithm", "hard"]],
)
model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 11)], ir_version=6)
onnx.checker.check_model(model)
onnx.save(model, HERE / "model.onnx")
flat = torch.from_numpy(x).reshape(2, 12)
all_axes = torch.softmax(flat, dim=1).reshape(2, 3, 4).numpy()
expected = {
    "from_one": all_axes,
    "from_two": torch.softmax(torch.from_numpy(x), dim=2).numpy(),
    "by_default": all_axes,
    "logarithm": torch.log_softmax(flat, dim=1).reshape(2, 3, 4).numpy(),
    "hard": nn.functional.one_hot(flat.argmax(dim=1), 12).reshape(2, 3, 4).numpy().astype(np.float32),
}
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
for name, other in zip(expected, session.run(list(expected), {"x": x})):
    assert np.allclose(other, expected[name], rtol=1e-5, atol=1e-6), name
np.savez_compressed(HERE / "inputs.npz", x=x)
np.savez_compressed(HERE / "expected.npz", **expected)
case.write(
    HERE,
    "onnx",
    "torch values; graph written by hand, opset 11",
    PACKAGES,
    "Softmax, LogSoftmax, Hardmax of opset 11 flatten their input at `axis`, 1 by default",
    1e-5,
    1e-6,
    "float32 sums in another order",
    opset=11,
)
print("softmax_opset11: onnxruntime agrees")
