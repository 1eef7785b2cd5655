"""The models of the benchmark: architectures as published, random weights from fixed seeds, written with onnx alone.

    python Benchmarks/models.py FOLDER [NAME ...]

writes FOLDER/NAME.onnx. The batch is symbolic. Exports of PyTorch networks come from Fixtures.
"""

import dataclasses
import pathlib
import sys
import typing
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Fixtures/onnx"
BATCHES = (1, 8, 64, 1024, 16384)


class Net:
    """A graph under construction: each call appends a node and gives the name of its first output."""

    def __init__(self, name):
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.nodes, self.weights, self.inputs, self.outputs = [], [], [], []

    def input(self, name, shape, type=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, type, shape))
        return name

    def constant(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def normal(self, *shape, fan):
        return self.constant(self.random.normal(0, np.sqrt(2 / fan), shape).astype(np.float32))

    def add(self, op, *inputs, count=1, **attributes):
        names = [f"v{len(self.nodes)}_{index}" for index in range(count)]
        inputs = [self.constant(value) if isinstance(value, np.ndarray) else value for value in inputs]
        self.nodes.append(helper.make_node(op, inputs, names, name=f"{op}_{len(self.nodes)}", **attributes))
        return names[0] if count == 1 else names

    def integers(self, *values):
        return self.constant(np.array(values, np.int64))

    def dense(self, x, width, out, activation=None, table=False, fan=None):
        """Gemm on rows, or MatMul and Add where there are more axes, as PyTorch's exporters write a linear layer."""
        bias = self.constant(self.random.normal(0, 0.1, out).astype(np.float32))
        if table:
            y = self.add("Add", self.add("MatMul", x, self.normal(width, out, fan=fan or width)), bias)
        else:
            y = self.add("Gemm", x, self.normal(out, width, fan=fan or width), bias, transB=1)
        return self.add(activation, y) if activation else y

    def mlp(self, x, widths, last=None, table=False, fan=None):
        """Dense layers with rectifiers between them; weights before a Softmax or Sigmoid are small, so that none saturates."""
        for index, (width, out) in enumerate(zip(widths, widths[1:])):
            is_last = index == len(widths) - 2
            if is_last and last in ("Softmax", "Sigmoid"):
                fan = 25 * width
            x = self.dense(x, width, out, "Relu" if not is_last or last == "Relu" else None, table, fan)
            fan = None
        return x if last in (None, "Relu") else self.add(last, x)

    def conv(self, x, channels, out, kernel, **attributes):
        rows, columns = kernel
        if "pads" not in attributes and attributes.pop("same", True):
            attributes["pads"] = [rows // 2, columns // 2, (rows - 1) // 2, (columns - 1) // 2]
        bias = self.constant(self.random.normal(0, 0.1, out).astype(np.float32))
        weights = self.normal(out, channels, rows, columns, fan=channels * rows * columns)
        return self.add("Conv", x, weights, bias, kernel_shape=[rows, columns], **attributes)

    def batch_norm(self, x, channels):
        random, f = self.random, np.float32
        statistics = [random.uniform(0.5, 1.5, channels), random.normal(0, 0.1, channels), random.normal(0, 0.1, channels)]
        return self.add("BatchNormalization", x, *[s.astype(f) for s in statistics], random.uniform(0.5, 1.5, channels).astype(f))

    def layer_norm(self, x, width):
        scale, bias = self.random.uniform(0.5, 1.5, width), self.random.normal(0, 0.1, width)
        return self.add("LayerNormalization", x, scale.astype(np.float32), bias.astype(np.float32), axis=-1)

    def gelu(self, x):
        """As exported below opset 20."""
        half = self.add("Add", self.add("Erf", self.add("Div", x, np.array(np.sqrt(2), np.float32))), np.array(1, np.float32))
        return self.add("Mul", self.add("Mul", x, half), np.array(0.5, np.float32))

    def model(self, result, shape, name="scores"):
        self.nodes.append(helper.make_node("Identity", [result], [name]))
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)]
        graph = helper.make_graph(self.nodes, "bench", self.inputs, outputs, self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


# MARK: Models


def mlp(name, widths, last):
    net = Net(name)
    return net.model(net.mlp(net.input("features", ["batch", widths[0]]), widths, last), ["batch", widths[-1]])


def mlp_int8():
    """MLP 128-256-256-128-10 with QDQ pairs: uint8 activations, int8 weights per output, int32 biases."""
    net, widths = Net("mlp_int8"), (128, 256, 256, 128, 10)
    x, sample = net.input("features", ["batch", 128]), np.random.default_rng(1).normal(0, 1, (256, 128)).astype(np.float32)
    for index, (width, out) in enumerate(zip(widths, widths[1:])):
        weights = net.random.normal(0, np.sqrt(2 / width), (width, out)).astype(np.float32)
        bias = net.random.normal(0, 0.1, out)
        low, high = min(0, sample.min()), max(0, sample.max())
        scale = np.float32((high - low) / 255)
        zero = np.uint8(np.round(-low / scale))
        steps = (np.abs(weights).max(0) / 127).astype(np.float32)
        pair = (np.array(scale), np.array(zero))
        x = net.add("DequantizeLinear", net.add("QuantizeLinear", x, *pair), *pair)
        w = net.add("DequantizeLinear", np.round(weights / steps).astype(np.int8), steps, np.zeros(out, np.int8), axis=1)
        b = net.add("DequantizeLinear", np.round(bias / (scale * steps)).astype(np.int32), scale * steps, np.zeros(out, np.int32), axis=0)
        x, sample = net.add("Gemm", x, w, b), sample @ weights + bias.astype(np.float32)
        if index < 3:
            x, sample = net.add("Relu", x), np.maximum(sample, 0)
    return net.model(x, ["batch", 10])


def deepsets(name, particles, features, phi, reduction, rho):
    net = Net(name)
    x = net.mlp(net.input("particles", ["batch", particles, features]), (features, *phi), "Relu", table=True)
    if reduction == "sum":
        x = net.add("ReduceSum", x, net.integers(1), keepdims=0)
    else:
        x = net.add("ReduceMean", x, axes=[1], keepdims=0)
    fan = phi[-1] * particles**2 if reduction == "sum" else None
    return net.model(net.mlp(x, (phi[-1], *rho), "Softmax", fan=fan), ["batch", rho[-1]])


def neighbours(net, points, count):
    """The nearest points of each, itself left out, as PyTorch networks search them: points (batch, n, 2)."""
    product = net.add("MatMul", points, net.add("Transpose", points, perm=[0, 2, 1]))
    squares = net.add("ReduceSum", net.add("Mul", points, points), net.integers(2), keepdims=1)
    twice = net.add("Mul", product, np.array(2, np.float32))
    distance = net.add("Sub", net.add("Sub", twice, squares), net.add("Transpose", squares, perm=[0, 2, 1]))
    found = net.add("TopK", distance, net.integers(count + 1), count=2, axis=-1, largest=1, sorted=1)[1]
    return net.add("Slice", found, net.integers(1), net.integers(count + 1), net.integers(2))


def edge_conv(net, points, x, channels, widths, particles, count):
    """ParticleNet's block: x (batch, channels, n)."""
    index = neighbours(net, points, count)
    batch = net.add("Gather", net.add("Shape", points), np.array(0, np.int64))
    starts = net.add("Mul", net.add("Range", np.array(0, np.int64), batch, np.array(1, np.int64)), np.array(particles, np.int64))
    flat = net.add("Reshape", net.add("Add", index, net.add("Reshape", starts, net.integers(-1, 1, 1))), net.integers(-1))
    rows = net.add("Reshape", net.add("Transpose", x, perm=[0, 2, 1]), net.integers(-1, channels))
    others = net.add("Reshape", net.add("Gather", rows, flat), net.integers(-1, particles, count, channels))
    others = net.add("Transpose", others, perm=[0, 3, 1, 2])
    own = net.add("Expand", net.add("Unsqueeze", x, net.integers(3)), net.integers(1, 1, 1, count))
    edges, width = net.add("Concat", own, net.add("Sub", others, own), axis=1), 2 * channels
    for out in widths:
        edges, width = net.add("Relu", net.batch_norm(net.conv(edges, width, out, (1, 1)), out)), out
    mean = net.add("ReduceMean", edges, axes=[3], keepdims=0)
    weights, bias = net.normal(width, channels, 1, fan=channels), net.constant(net.random.normal(0, 0.1, width).astype(np.float32))
    shortcut = net.batch_norm(net.add("Conv", x, weights, bias, kernel_shape=[1]), width)
    return net.add("Relu", net.add("Add", mean, shortcut)), width


def particlenet(particles):
    """Qu, Gouskos 2019: three edge convolutions over 16 neighbours."""
    net = Net(f"particlenet_{particles}")
    points, x = net.input("points", ["batch", particles, 2]), net.input("features", ["batch", 7, particles])
    x, channels = net.batch_norm(x, 7), 7
    for index, width in enumerate((64, 128, 256)):
        where = points if index == 0 else net.add("Transpose", x, perm=[0, 2, 1])
        x, channels = edge_conv(net, where, x, channels, (width,) * 3, particles, 16)
    x = net.mlp(net.add("ReduceMean", x, axes=[2], keepdims=0), (256, 256, 2), "Softmax")
    return net.model(x, ["batch", 2])


def attention(net, query, keys, bias, heads, width, length):
    def split(x, count):
        x = net.add("Reshape", x, net.integers(0, count, heads, width // heads))
        return net.add("Transpose", x, perm=[0, 2, 1, 3])

    count = "query" if length is None else length
    rows = 1 if count == "query" else count
    q = split(net.dense(query, width, width, table=True), rows)
    k, v = (split(net.dense(keys, width, width, table=True), -1) for _ in range(2))
    q = net.add("Mul", q, np.array(1 / np.sqrt(width // heads), np.float32))
    scores = net.add("MatMul", q, net.add("Transpose", k, perm=[0, 1, 3, 2]))
    weights = net.add("Softmax", net.add("Add", scores, bias) if bias else scores, axis=-1)
    mixed = net.add("Transpose", net.add("MatMul", weights, v), perm=[0, 2, 1, 3])
    return net.dense(net.add("Reshape", mixed, net.integers(0, rows, width)), width, width, table=True)


def particle_transformer(particles):
    """Qu, Li, Qian 2022: eight particle attention blocks with pairwise features, two class attention blocks."""
    net, width, heads = Net("part"), 128, 8
    x = net.input("features", ["batch", particles, 17])
    pairs = net.input("pairs", ["batch", 4, particles, particles])
    for a, b in ((17, 128), (128, 512), (512, 128)):
        x = net.gelu(net.dense(net.layer_norm(x, a), a, b, table=True))
    for a, b in ((4, 64), (64, 64), (64, 64), (64, heads)):
        pairs = net.gelu(net.batch_norm(net.conv(pairs, a, b, (1, 1)), b))

    def block(x, attended):
        x = net.add("Add", x, net.layer_norm(attended, width))
        y = net.layer_norm(net.gelu(net.dense(net.layer_norm(x, width), width, 4 * width, table=True)), 4 * width)
        return net.add("Add", x, net.dense(y, 4 * width, width, table=True))

    for _ in range(8):
        normal = net.layer_norm(x, width)
        x = block(x, attention(net, normal, normal, pairs, heads, width, particles))
    token = net.constant(net.random.normal(0, 0.02, (1, 1, width)).astype(np.float32))
    batch = net.add("Slice", net.add("Shape", x), net.integers(0), net.integers(1))
    token = net.add("Expand", token, net.add("Concat", batch, net.integers(1, width), axis=0))
    for _ in range(2):
        both = net.layer_norm(net.add("Concat", token, x, axis=1), width)
        token = block(token, attention(net, token, both, None, heads, width, None))
    token = net.layer_norm(net.add("Squeeze", token, net.integers(1)), width)
    return net.model(net.mlp(token, (width, 10), "Softmax"), ["batch", 10])


def edge_gnn():
    """DeZoort et al. 2021: an interaction network that scores the edges of a graph of hits."""
    net = Net("edge_gnn")
    x, edges = net.input("nodes", ["nodes", 3]), net.input("edges", [2, "edges"], TensorProto.INT64)
    features = net.input("edge_features", ["edges", 4])
    source, target = (net.add("Squeeze", net.add("Slice", edges, *[net.integers(v) for v in (i, i + 1, 0)]), net.integers(0)) for i in (0, 1))

    def pairs(x, features):
        return net.add("Concat", net.add("Gather", x, target), net.add("Gather", x, source), features, axis=1)

    messages = net.mlp(pairs(x, features), (10, 40, 40, 4))
    zeros = net.add("ConstantOfShape", net.add("Concat", net.add("Slice", net.add("Shape", x), net.integers(0), net.integers(1)), net.integers(4), axis=0))
    index = net.add("Unsqueeze", target, net.integers(1))
    sums = net.add("ScatterND", zeros, index, messages, reduction="add")
    x = net.mlp(net.add("Concat", x, sums, axis=1), (7, 40, 40, 3))
    return net.model(net.mlp(pairs(x, messages), (10, 40, 40, 1), "Sigmoid"), ["edges", 1])


def recurrent(kind, steps, features, hidden, head, last):
    net, gates = Net(kind), {"LSTM": 4, "GRU": 3}[kind]
    x = net.add("Transpose", net.input("tracks", ["batch", steps, features]), perm=[1, 0, 2])
    w, r = net.normal(1, gates * hidden, features, fan=2 * hidden), net.normal(1, gates * hidden, hidden, fan=2 * hidden)
    b = net.constant(net.random.normal(0, 0.1, (1, 2 * gates * hidden)).astype(np.float32))
    options = {"linear_before_reset": 1} if kind == "GRU" else {}
    state = net.add(kind, x, w, r, b, count=2, hidden_size=hidden, **options)[1]
    x = net.add("Squeeze", state, net.integers(0))
    return net.model(net.mlp(x, (hidden, *head), last), ["batch", head[-1]])


def calo_cnn():
    """A classifier of calorimeter images of 24 x 24 cells."""
    net = Net("calo_cnn")
    x = net.input("image", ["batch", 1, 24, 24])
    for channels, out in ((1, 16), (16, 32), (32, 32)):
        x = net.add("Relu", net.batch_norm(net.conv(x, channels, out, (3, 3)), out))
        x = net.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    return net.model(net.mlp(net.add("Flatten", x), (288, 64, 2), "Softmax"), ["batch", 2])


def unet():
    """Ronneberger et al. 2015 with a quarter of the channels, padded, on detector images of 64 x 64."""
    net = Net("unet")
    x, skips = net.input("image", ["batch", 1, 64, 64]), []

    def twice(x, channels, out):
        for width in (channels, out):
            x = net.add("Relu", net.conv(x, width, out, (3, 3)))
        return x

    channels = 1
    for out in (16, 32, 64):
        x, channels = twice(x, channels, out), out
        skips.append(x)
        x = net.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x, channels = twice(x, 64, 128), 128
    for out in (64, 32, 16):
        bias = net.constant(net.random.normal(0, 0.1, out).astype(np.float32))
        x = net.add("ConvTranspose", x, net.normal(channels, out, 2, 2, fan=channels), bias, kernel_shape=[2, 2], strides=[2, 2])
        x, channels = twice(net.add("Concat", skips.pop(), x, axis=1), 2 * out, out), out
    return net.model(net.add("Sigmoid", net.conv(x, 16, 2, (1, 1))), ["batch", 2, 64, 64])


def locally_connected(net, x, rows, columns, channels, out, bias):
    """Keras's LocallyConnected2D with windows of 2 x 2 on (batch, rows, columns, channels): a product for each place."""
    parts = []
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        parts.append(net.add("Slice", x, net.integers(i, j), net.integers(i + rows - 1, j + columns - 1), net.integers(1, 2)))
    places, width = (rows - 1) * (columns - 1), 4 * channels
    x = net.add("Reshape", net.add("Concat", *parts, axis=3), net.integers(-1, places, width))
    x = net.add("MatMul", net.add("Transpose", x, perm=[1, 0, 2]), net.normal(places, width, out, fan=width))
    x = net.add("Transpose", x, perm=[1, 0, 2])
    if bias:
        x = net.add("Add", x, net.constant(net.random.normal(0, 0.1, (places, out)).astype(np.float32)))
    return net.add("Reshape", x, net.integers(-1, rows - 1, columns - 1, out))


def calogan():
    """Paganini, de Oliveira, Nachman 2017: the generator's three streams of locally connected layers."""
    net, streams = Net("calogan"), []
    latent, energy = net.input("latent", ["batch", 1024]), net.input("energy", ["batch", 1])
    h = net.add("Mul", latent, energy)
    for rows, columns in ((3, 96), (12, 12), (12, 6)):
        x = net.dense(h, 1024, (rows + 2) * (columns + 2) * 36)
        x = net.add("Transpose", net.add("Reshape", x, net.integers(-1, rows + 2, columns + 2, 36)), perm=[0, 3, 1, 2])
        x = net.batch_norm(net.add("LeakyRelu", net.conv(x, 36, 16, (2, 2)), alpha=0.3), 16)
        x = net.add("Transpose", x, perm=[0, 2, 3, 1])
        x = net.add("LeakyRelu", locally_connected(net, x, rows + 2, columns + 2, 16, 6, True), alpha=0.3)
        x = net.add("Relu", locally_connected(net, x, rows + 1, columns + 1, 6, 1, False))
        streams.append(net.add("Reshape", x, net.integers(-1, rows * columns)))
    return net.model(net.add("Concat", *streams, axis=1), ["batch", 504])


def vae():
    """Govorkova et al. 2022: a variational autoencoder of trigger objects; the noise is an input."""
    net = Net("vae")
    x, noise = net.input("objects", ["batch", 57]), net.input("noise", ["batch", 3])
    for width, out in ((57, 32), (32, 16)):
        x = net.add("LeakyRelu", net.dense(x, width, out), alpha=0.3)
    mean, spread = net.dense(x, 16, 3), net.dense(x, 16, 3)
    deviation = net.add("Exp", net.add("Mul", spread, np.array(0.5, np.float32)))
    x = net.add("Add", mean, net.add("Mul", deviation, noise))
    for width, out in ((3, 16), (16, 32)):
        x = net.add("LeakyRelu", net.dense(x, width, out), alpha=0.3)
    return net.model(net.dense(x, 32, 57), ["batch", 57])


def autoencoder():
    """Heimel et al. 2019: jet images of 40 x 40 through a bottleneck of 6."""
    net = Net("autoencoder")
    x = net.input("image", ["batch", 1, 40, 40])

    def step(x, channels, out):
        slope = np.full((out, 1, 1), 0.2, np.float32)
        return net.add("PRelu", net.conv(x, channels, out, (4, 4)), slope)

    x = step(step(x, 1, 10), 10, 10)
    x = net.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = step(step(x, 10, 10), 10, 1)
    x = net.mlp(net.add("Flatten", x), (400, 100, 6, 100, 400), "Relu")
    x = step(net.add("Reshape", x, net.integers(-1, 1, 20, 20)), 1, 10)
    x = step(x, 10, 10)
    scales = np.array([1, 1, 2, 2], np.float32)
    x = net.add("Resize", x, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    x = step(step(x, 10, 10), 10, 5)
    return net.model(net.add("Relu", net.conv(x, 5, 1, (4, 4))), ["batch", 1, 40, 40])


def product(size):
    net = Net(f"gemm_{size}")
    x = net.input("rows", ["batch", size])
    return net.model(net.add("MatMul", x, net.normal(size, size, fan=size)), ["batch", size])


def one_node():
    relu = helper.make_node("Relu", ["x"], ["y"])
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 16]) for name in ("x", "y")]
    graph = helper.make_graph([relu], "bench", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


# MARK: Inputs


def drawn(model, batch, random, sizes):
    """Normally distributed numbers for each input of a model."""
    inputs = {}
    for value in model.graph.input:
        dims = [d.dim_value or (batch if d.dim_param == "batch" else sizes[d.dim_param]) for d in value.type.tensor_type.shape.dim]
        inputs[value.name] = random.normal(0, 1, dims).astype(np.float32)
    return inputs


def graph_inputs(batch, random):
    """Graphs of 100 hits and 300 edges, side by side."""
    nodes, edges = 100, 300
    starts = np.repeat(np.arange(batch) * nodes, edges)
    return {
        "nodes": random.normal(0, 1, (batch * nodes, 3)).astype(np.float32),
        "edges": (random.integers(0, nodes, (2, batch * edges)) + starts).astype(np.int64),
        "edge_features": random.normal(0, 1, (batch * edges, 4)).astype(np.float32),
    }


def jets(batch, random, particles, points):
    """Jets of at least half the particles, padded with zeros; momenta go round, as atan2(0, 0) is no number in the export."""
    mask = (np.arange(particles) < random.integers(particles // 2, particles + 1, batch)[:, None])[:, None, :].astype(np.float32)
    momentum = random.exponential(5, (batch, particles)) + 0.5
    eta, phi = random.normal(0, 0.3, (2, batch, particles))
    features = np.stack([np.log(momentum), eta, phi, eta**2 + phi**2, momentum / 9, eta - phi], 1)
    if points:
        inputs = {"points": np.stack([eta, phi], 1) * mask, "features": features * mask}
    else:
        energy = np.sqrt((momentum * np.cosh(eta)) ** 2 + 0.02)
        inputs = {
            "features": features * mask,
            "vectors": np.stack([momentum * np.cos(phi), momentum * np.sin(phi), momentum * np.sinh(eta), energy], 1),
        }
    return {name: np.ascontiguousarray(values, np.float32) for name, values in inputs.items()} | {"mask": mask}


# MARK: The list


@dataclasses.dataclass
class Benchmark:
    name: str
    build: typing.Callable
    #: which of the targets it is held against: mlp, small, large, sofie, product or none
    kind: str = ""
    batches: tuple = BATCHES
    inputs: typing.Callable | None = None
    #: sizes of symbols other than the batch
    sizes: dict = dataclasses.field(default_factory=dict)
    #: the largest difference from ONNX Runtime, as a fraction of the largest output
    tolerance: float = 1e-4
    #: measured with QUICK=1
    quick: bool = False

    def model(self):
        return onnx.load(FIXTURES / self.build / "model.onnx") if isinstance(self.build, str) else self.build()

    def arrays(self, model, batch):
        random = np.random.default_rng([zlib.crc32(self.name.encode()), batch])
        return self.inputs(batch, random) if self.inputs else drawn(model, batch, random, self.sizes)


BENCHMARKS = [
    Benchmark("one_node", one_node, "", (1,), quick=True),
    Benchmark("mlp_32", lambda: mlp("mlp_32", (32, 64, 64, 64, 1), "Sigmoid"), "mlp", quick=True),
    Benchmark("mlp_128", lambda: mlp("mlp_128", (128, 256, 256, 128, 10), "Softmax"), quick=True),
    Benchmark("mlp_22", lambda: mlp("mlp_22", (22, 64, 32, 16, 1), "Sigmoid"), "sofie", quick=True),
    # Ten steps of 1/255 of the range: rounding to the other side in a hidden layer is no error.
    Benchmark("mlp_int8", mlp_int8, tolerance=0.04),
    Benchmark("deepsets", lambda: deepsets("deepsets", 8, 3, (32, 32, 32), "mean", (32, 5)), "small", quick=True),
    Benchmark("pfn", lambda: deepsets("pfn", 50, 4, (100, 100, 256), "sum", (100, 100, 100, 2)), "small"),
    Benchmark("particlenet_30", lambda: particlenet(30), "large", quick=True),
    Benchmark("particlenet_50", lambda: particlenet(50), "large"),
    Benchmark("particlenet_100", lambda: particlenet(100), "large"),
    Benchmark(
        "particlenet_export", "weaver_particlenet", "large", inputs=lambda batch, random: jets(batch, random, 30, True),
        sizes={"n_particles": 30},
    ),
    Benchmark("part_50", lambda: particle_transformer(50), "large", quick=True),
    Benchmark(
        "part_export", "weaver_part", "large", inputs=lambda batch, random: jets(batch, random, 30, False),
        sizes={"n_particles": 30},
    ),
    Benchmark("edge_gnn", edge_gnn, "", (1, 8, 64, 1024), graph_inputs),
    Benchmark("lstm", lambda: recurrent("LSTM", 15, 6, 100, (20, 4), "Softmax")),
    Benchmark("gru", lambda: recurrent("GRU", 20, 6, 20, (64, 1), "Sigmoid"), "small", quick=True),
    Benchmark("calo_cnn", calo_cnn, "small", quick=True),
    Benchmark("unet", unet),
    Benchmark("calogan", calogan, "", (1, 8, 64, 1024)),
    Benchmark("vae", vae, "mlp"),
    Benchmark("autoencoder", autoencoder),
    *[Benchmark(f"gemm_{size}", lambda size=size: product(size), "product", quick=size == 256) for size in (64, 256, 512)],
]


def fixed(model, benchmark, batch, inputs):
    """The model with numbers in place of symbols, as suits engines that plan for one shape."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in copy.graph.input:
        if value.name in inputs:
            for dimension, number in zip(value.type.tensor_type.shape.dim, inputs[value.name].shape):
                dimension.dim_value = number
    for value in copy.graph.output:
        value.type.tensor_type.ClearField("shape")
    del copy.graph.value_info[:]
    return copy


if __name__ == "__main__":
    folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    for benchmark in BENCHMARKS:
        if not names or benchmark.name in names:
            onnx.save(benchmark.model(), folder / f"{benchmark.name}.onnx")
