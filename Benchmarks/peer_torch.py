"""PyTorch as a peer: the benchmark's graphs as functions of torch, traced and frozen. Shapes are fixed."""

import warnings

import onnx
import torch
from onnx import numpy_helper
from torch.nn import functional as F

torch.set_num_threads(1)
torch.set_grad_enabled(False)


class Unsupported(Exception):
    """The graph has a node that is not translated."""


def function(model, inputs):
    """What runs the model on the inputs."""
    weights = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in model.graph.initializer}
    nodes = [(node, attributes(node)) for node in model.graph.node]
    for node, _ in nodes:
        if node.op_type not in OPERATORS:
            raise Unsupported(f"{node.op_type} is not translated")
    modules = {node.name: recurrent(node, options, weights) for node, options in nodes if node.op_type in ("LSTM", "GRU")}
    names = [value.name for value in model.graph.input if value.name in inputs]

    def forward(*arguments):
        values = weights | dict(zip(names, arguments))
        for node, options in nodes:
            given = [values[name] if name else None for name in node.input]
            results = modules[node.name](given[0]) if node.name in modules else OPERATORS[node.op_type](given, options)
            values |= dict(zip(node.output, results if isinstance(results, tuple) else (results,)))
        return tuple(values[output.name] for output in model.graph.output)

    arguments = tuple(torch.from_numpy(array) for array in inputs.values())
    with warnings.catch_warnings():
        # That the trace holds for these shapes alone is meant.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        traced = torch.jit.freeze(torch.jit.trace(Module(forward).eval(), arguments, check_trace=False))
    for _ in range(3):
        traced(*arguments)
    return lambda: traced(*arguments)


class Module(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *arguments):
        return self.function(*arguments)


def attributes(node):
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def recurrent(node, options, weights):
    """An LSTM or GRU of torch with the node's weights: ONNX has gates i, o, f, c and z, r, h; torch i, f, g, o and r, z, n."""
    w, r, b = (weights[name][0] for name in node.input[1:4])
    hidden = options["hidden_size"]
    order = (0, 2, 3, 1) if node.op_type == "LSTM" else (1, 0, 2)

    def sorted_gates(array):
        return torch.cat([array[gate * hidden : (gate + 1) * hidden] for gate in order])

    cell = getattr(torch.nn, node.op_type)(w.shape[1], hidden)
    for name, array in zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), (w, r, *b.chunk(2))):
        setattr(cell, name, torch.nn.Parameter(sorted_gates(array).contiguous(), requires_grad=False))

    def run(x):
        sequence, state = cell(x)
        return sequence.unsqueeze(1), state[0] if node.op_type == "LSTM" else state

    return run


def windowed(x, options):
    before, after = options.get("pads", [0] * 2 * (x.dim() - 2)), x.dim() - 2
    return F.pad(x, [pad for axis in reversed(range(after)) for pad in (before[axis], before[axis + after])])


def conv(x, o):
    kind = (F.conv1d, F.conv2d)[x[0].dim() - 3]
    return kind(windowed(x[0], o), x[1], x[2], o.get("strides", 1), 0, o.get("dilations", 1), o.get("group", 1))


def gemm(x, o):
    a, b = x[0].t() if o.get("transA") else x[0], x[1] if o.get("transB") else x[1].t()
    return F.linear(a, b, x[2] if len(x) > 2 else None)


def axes(x, o):
    return [int(axis) for axis in (x[1] if len(x) > 1 and x[1] is not None else o["axes"])]


def pieces(x):
    starts, ends = ([int(v) for v in part] for part in x[1:3])
    steps = [int(v) for v in x[4]] if len(x) > 4 else [1] * len(starts)
    index = [slice(None)] * x[0].dim()
    for axis, *bounds in zip([int(v) for v in x[3]] if len(x) > 3 else range(len(starts)), starts, ends, steps):
        index[axis] = slice(*bounds)
    return x[0][tuple(index)]


def gather(x, o):
    axis, index = o.get("axis", 0), x[1]
    found = torch.index_select(x[0], axis, index.reshape(-1))
    return found.reshape(x[0].shape[:axis] + index.shape + x[0].shape[axis + 1 :])


def scatter(x, o):
    if o.get("reduction") != b"add" or x[1].shape[-1] != 1:
        raise Unsupported("ScatterND only adds rows")
    return x[0].index_add(0, x[1][:, 0], x[2])


def shaped(x):
    sizes = [int(size) for size in x[1]]
    return x[0].reshape([x[0].shape[axis] if size == 0 else size for axis, size in enumerate(sizes)])


OPERATORS = {
    "Add": lambda x, o: x[0] + x[1],
    "AveragePool": lambda x, o: F.avg_pool2d(x[0], o["kernel_shape"], o.get("strides", 1)),
    "BatchNormalization": lambda x, o: F.batch_norm(x[0], x[3], x[4], x[1], x[2], eps=o.get("epsilon", 1e-5)),
    "Concat": lambda x, o: torch.cat(x, o["axis"]),
    "ConstantOfShape": lambda x, o: torch.zeros([int(size) for size in x[0]]),
    "Conv": conv,
    "ConvTranspose": lambda x, o: F.conv_transpose2d(x[0], x[1], x[2], o["strides"]),
    "Div": lambda x, o: x[0] / x[1],
    "Erf": lambda x, o: torch.erf(x[0]),
    "Exp": lambda x, o: torch.exp(x[0]),
    "Expand": lambda x, o: x[0].expand(torch.broadcast_shapes(x[0].shape, tuple(int(size) for size in x[1]))),
    "Flatten": lambda x, o: x[0].flatten(1),
    "Gather": gather,
    "Gemm": gemm,
    "GRU": None,
    "Identity": lambda x, o: x[0],
    "LayerNormalization": lambda x, o: F.layer_norm(x[0], x[1].shape, x[1], x[2], o.get("epsilon", 1e-5)),
    "LeakyRelu": lambda x, o: F.leaky_relu(x[0], o["alpha"]),
    "LSTM": None,
    "MatMul": lambda x, o: torch.matmul(x[0], x[1]),
    "MaxPool": lambda x, o: F.max_pool2d(x[0], o["kernel_shape"], o["strides"]),
    "Mul": lambda x, o: x[0] * x[1],
    "PRelu": lambda x, o: torch.where(x[0] < 0, x[0] * x[1], x[0]),
    "Range": lambda x, o: torch.arange(*(int(v) for v in x)),
    "ReduceMean": lambda x, o: x[0].mean(axes(x, o), keepdim=bool(o.get("keepdims", 1))),
    "ReduceSum": lambda x, o: x[0].sum(axes(x, o), keepdim=bool(o.get("keepdims", 1))),
    "Relu": lambda x, o: F.relu(x[0]),
    "Reshape": lambda x, o: shaped(x),
    "Resize": lambda x, o: F.interpolate(x[0], scale_factor=[float(v) for v in x[2][2:]], mode="nearest"),
    "ScatterND": scatter,
    "Shape": lambda x, o: torch.tensor(x[0].shape),
    "Sigmoid": lambda x, o: torch.sigmoid(x[0]),
    "Slice": lambda x, o: pieces(x),
    "Softmax": lambda x, o: torch.softmax(x[0], o.get("axis", -1)),
    "Squeeze": lambda x, o: x[0].squeeze(axes(x, o)),
    "Sub": lambda x, o: x[0] - x[1],
    "TopK": lambda x, o: tuple(torch.topk(x[0], int(x[1]), o["axis"], bool(o["largest"]), bool(o["sorted"]))),
    "Transpose": lambda x, o: x[0].permute(o["perm"]),
    "Unsqueeze": lambda x, o: x[0][(slice(None),) * axes(x, o)[0] + (None,)],
}
