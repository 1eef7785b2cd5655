"""Gradients of a small network, of all elementwise functions that have one, and of a gradient; expected values by autograd."""

import pathlib
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parents[1]))
import case

TRAINING = "ai.onnx.preview.training"
INPUTS = {
    "x": (5, 3),
    "w1": (4, 3),
    "b1": (4,),
    "w2": (4, 2),
    "b2": (1, 2),
    "a": (2, 3, 4),
    "b": (3, 1),
    "other": (5, 3),
    "p": (2, 3, 4),
    "q": (4, 5),
}
generator = np.random.default_rng(61)
values = {name: generator.uniform(0.2, 1.5, shape) * generator.choice([-1, 1], shape) for name, shape in INPUTS.items()}
values["a"], values["b"] = np.abs(values["a"]), np.abs(values["b"])

nodes, tensors = [], {}


def node(op, inputs, output, **attributes):
    nodes.append(helper.make_node(op, inputs, [output], **attributes))
    return output


def constant(name, array):
    tensors[name] = onnx.numpy_helper.from_array(array, name)
    return name


constant("three", np.float64(3))
constant("last", np.array([-1]))
constant("first", np.array([0]))
constant("pairs", np.array([6, 4]))
constant("wide", np.array([2, 2, 3, 4]))

# A network with a loss.
node("Gemm", ["x", "w1", "b1"], "hidden_sum", transB=1, alpha=0.5, beta=2.0)
node("Tanh", ["hidden_sum"], "hidden")
node("Gemm", ["hidden", "w2", "b2"], "logits")
node("Softmax", ["logits"], "shares", axis=1)
node("Mul", ["shares", "shares"], "squares")
node("ReduceSum", ["squares", "last"], "row_sums", keepdims=0)
node("ReduceMean", ["row_sums", "first"], "loss", keepdims=0)

# Every elementwise rule, with operands that are repeated.
node("Div", ["a", "b"], "quotient")
node("Sub", ["quotient", "b"], "difference")
node("Pow", ["a", "three"], "cube")
node("Pow", ["a", "b"], "power")
node("Exp", ["difference"], "grown")
node("Log", ["a"], "logarithm")
node("Sqrt", ["b"], "root")
node("Reciprocal", ["a"], "inverse")
node("Sin", ["difference"], "sine")
node("Cos", ["quotient"], "cosine")
node("Sigmoid", ["difference"], "sigmoid")
node("Softplus", ["difference"], "softplus")
node("Relu", ["difference"], "positive")
node("Erf", ["difference"], "erf")
node("Abs", ["difference"], "magnitude")
node("Neg", ["cube"], "minus_cube")
node("Greater", ["a", "b"], "is_larger")
node("Where", ["is_larger", "sine", "root"], "chosen")
node("Sum", ["grown", "logarithm", "root", "inverse"], "sum1")
node("Sum", ["sine", "cosine", "sigmoid", "softplus", "positive"], "sum2")
node("Sum", ["erf", "magnitude", "minus_cube", "chosen", "power"], "sum3")
node("Mul", ["sum1", "sum2"], "product")
node("Add", ["product", "sum3"], "everything")

# Movement and stacks of matrices.
node("Transpose", ["p"], "p_turned", perm=[0, 2, 1])
node("Transpose", ["p_turned"], "p_back", perm=[0, 2, 1])
node("MatMul", ["p_back", "q"], "stack")
node("Reshape", ["p", "pairs"], "p_pairs")
node("Flatten", ["p_pairs"], "p_flat", axis=0)
node("Squeeze", ["p_flat", "first"], "p_line")
node("Unsqueeze", ["p_line", "first"], "p_row")
node("Mul", ["p_row", "p_row"], "p_squares")
node("Expand", ["p", "wide"], "p_wide")
node("Mul", ["p_wide", "p_wide"], "wide_squares")
node("ReduceSum", ["stack"], "stack_sum", keepdims=0)
node("ReduceMean", ["p_squares"], "square_mean", keepdims=0)
node("ReduceSum", ["wide_squares"], "wide_sum", keepdims=0)
node("Identity", ["square_mean"], "square_same")
node("Sum", ["stack_sum", "square_same", "wide_sum"], "moved")

forward = list(nodes)


def gradient(inputs, outputs, **attributes):
    nodes.append(helper.make_node("Gradient", inputs, outputs, domain=TRAINING, **attributes))


gradient(["w1", "b1", "w2", "b2", "x"], ["d_w1", "d_b1", "d_w2", "d_b2"], xs=["w1", "b1", "w2", "b2"], zs=["x"], y="loss")
gradient(["hidden", "w2"], ["d_hidden"], xs=["hidden"], zs=["w2"], y="logits")
gradient(["other", "w1"], ["d_other", ""], xs=["x", "w1"], y="loss")
gradient(["a", "b"], ["d_a", "d_b"], xs=["a", "b"], y="everything")
gradient(["x"], ["d_x"], xs=["x"], y="loss")
gradient(["w2", "x"], ["dd_w2", "dd_x"], xs=["w2", "x"], y="d_x")
gradient(["p", "q"], ["d_p", "d_q"], xs=["p", "q"], y="moved")
gradient(["b2"], ["d_unrelated"], xs=["b2"], y="moved")

F = torch.nn.functional
t = {name: torch.from_numpy(array).requires_grad_() for name, array in values.items()}


def network(x):
    hidden = torch.tanh(0.5 * x @ t["w1"].T + 2 * t["b1"])
    logits = hidden @ t["w2"] + t["b2"]
    return hidden, logits, (torch.softmax(logits, 1) ** 2).sum(-1).mean(0)


def elementwise(a, b):
    quotient = a / b
    d = quotient - b
    chosen = torch.where(a > b, torch.sin(d), torch.sqrt(b))
    first = torch.exp(d) + torch.log(a) + torch.sqrt(b) + 1 / a
    second = torch.sin(d) + torch.cos(quotient) + torch.sigmoid(d) + F.softplus(d) + torch.relu(d)
    return first * second + torch.erf(d) + d.abs() - a**3 + chosen + a**b


def moved(p, q):
    return (p @ q).sum() + (p * p).mean() + 2 * (p * p).sum()


expected = {}


def differentiate(value, **names):
    results = torch.autograd.grad(value.sum(), [t[v] if isinstance(v, str) else v for v in names.values()], create_graph=True)
    expected.update(zip(names, results, strict=True))


hidden, logits, loss = network(t["x"])
differentiate(loss, d_w1="w1", d_b1="b1", d_w2="w2", d_b2="b2", d_x="x")
differentiate(logits, d_hidden=hidden)
differentiate(network(t["other"])[2], d_other="other")
differentiate(elementwise(t["a"], t["b"]), d_a="a", d_b="b")
differentiate(expected["d_x"], dd_w2="w2", dd_x="x")
differentiate(moved(t["p"], t["q"]), d_p="p", d_q="q")
expected["d_unrelated"] = torch.zeros_like(t["b2"])
expected = {name: value.detach().numpy() for name, value in expected.items()}


def info(name, array):
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE, array.shape)


def model(nodes, outputs):
    graph = helper.make_graph(
        nodes, "gradients", [info(k, v) for k, v in values.items()], outputs, list(tensors.values())
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(TRAINING, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="onnx.helper")


# The functions that are differentiated must be those of the graph.
names = ["loss", "everything", "moved"]
plain = model(forward, [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in names])
found = ReferenceEvaluator(plain).run(names, values)
for name, other, own in zip(names, found, [loss, elementwise(t["a"], t["b"]), moved(t["p"], t["q"])], strict=True):
    np.testing.assert_allclose(other, own.detach().numpy(), rtol=1e-7, err_msg=name)  # its Erf is float32

made = model(nodes, [info(name, array) for name, array in expected.items()])
onnx.checker.check_model(made)
onnx.save(made, HERE / "model.onnx")
np.savez_compressed(HERE / "inputs.npz", **values)
np.savez_compressed(HERE / "expected.npz", **expected)
case.write(
    HERE,
    "onnx",
    "onnx.helper",
    ["onnx", "torch", "numpy"],
    __doc__,
    1e-11,
    1e-12,
    "float64 sums in another order",
    opset=20,
    operators=sorted({node.op_type for node in nodes}),
)
