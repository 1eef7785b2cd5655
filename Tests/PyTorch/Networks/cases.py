"""Saves each network in the forms that PyTorch has, with inputs and what PyTorch computes for them.

    python cases.py FOLDER
"""

import json
import pathlib
import sys
import zipfile

import networks
import numpy
import torch
from torch import nn

# Inputs of a case: name, element type, dimensions. `x` of a batch of jets with a variable number of particles, ...
FEATURES = [("x", "float32", ["batch", 16])]
PARTICLES = [("x", "float32", ["batch", "particles", 6])]
MASKED = {width: [("x", "float32", ["batch", "particles", width]), ("mask", "float32", ["batch", "particles"])] for width in (6, 7)}
GRAPH = [("nodes", "float32", ["nodes", 4]), ("source", "int64", ["edges"]), ("target", "int64", ["edges"])]
JETS = [("tracks", "float32", ["batch", "tracks", 5]), ("jet", "float32", ["batch", 3])]

# Name: network, inputs, form.
CASES = {
    "mlp": (networks.Perceptron, FEATURES, "module"),
    "mlp_float64": (lambda: networks.Perceptron().double(), [("x", "float64", ["batch", 16])], "module"),
    "mlp_traced": (networks.Perceptron, FEATURES, "traced"),
    "mlp_program": (networks.Perceptron, FEATURES, "program"),
    "training_mode": (networks.Regularised, FEATURES, "module"),
    "training_mode_scripted": (networks.Regularised, FEATURES, "scripted"),
    "deepsets": (networks.DeepSets, MASKED[7], "module"),
    "deepsets_scripted": (networks.DeepSets, MASKED[7], "scripted"),
    "deepsets_program": (networks.DeepSets, MASKED[7], "program"),
    "edgeconv": (networks.EdgeConv, [("x", "float32", ["batch", "particles", 5])], "module"),
    "edgeconv_traced": (networks.EdgeConv, [("x", "float32", ["batch", "particles", 5])], "traced"),
    "edgeconv_program": (networks.EdgeConv, [("x", "float32", ["batch", "particles", 5])], "program"),
    "transformer": (networks.ParticleTransformer, MASKED[6], "module"),
    "transformer_program": (networks.ParticleTransformer, MASKED[6], "program"),
    "library_transformer": (networks.LibraryTransformer, [("x", "float32", ["batch", "particles", 8])], "module"),
    "gru": (lambda: networks.Recurrent(nn.GRU), PARTICLES, "module"),
    "lstm": (lambda: networks.Recurrent(nn.LSTM), PARTICLES, "module"),
    "lstm_scripted": (lambda: networks.Recurrent(nn.LSTM), PARTICLES, "scripted"),
    "cnn": (networks.CalorimeterCNN, [("image", "float32", ["batch", 1, 17, 12])], "module"),
    "cnn_traced": (networks.CalorimeterCNN, [("image", "float32", ["batch", 1, 17, 12])], "traced"),
    "graph_index_add": (lambda: networks.GraphNetwork("index_add"), GRAPH, "module"),
    "graph_scatter_add": (lambda: networks.GraphNetwork("scatter_add"), GRAPH, "module"),
    "graph_program": (lambda: networks.GraphNetwork("index_add"), GRAPH, "program"),
    "graph_traced": (lambda: networks.GraphNetwork("index_add"), GRAPH, "traced"),
    "small_constant": (networks.SmallConstant, FEATURES, "module"),
    "small_constant_program": (networks.SmallConstant, FEATURES, "program"),
    "heads": (networks.Heads, JETS, "module"),
    "heads_program": (networks.Heads, JETS, "program"),
    "unrolled_scripted": (networks.Unrolled, [("x", "float32", ["batch", "particles", 5])], "scripted"),
    "optional_mask": (networks.OptionalMask, MASKED[6], "module"),
    "optional_mask_left_out": (networks.OptionalMask, PARTICLES, "module"),
    "fixed_length": (networks.FixedLength, [("x", "float32", ["batch", "particles", 5])], "module"),
    "fixed_length_traced": (networks.FixedLength, [("x", "float32", ["batch", "particles", 5])], "traced"),
}
# Sizes of what is recorded.
EXAMPLE = {"batch": 2, "particles": 12, "tracks": 12, "nodes": 5, "edges": 12}
# Sizes of what the graphs are tried on; others than the adapter's own probes have.
SIZES = [
    {"batch": 3, "particles": 8, "tracks": 8, "nodes": 8, "edges": 30},
    {"batch": 1, "particles": 23, "tracks": 1, "nodes": 40, "edges": 3},
]


def inputs(shapes, sizes, seed):
    """Normal numbers of which some are 0; masks and node numbers where such are meant."""
    random = numpy.random.default_rng(seed)
    arrays = {}
    for name, kind, shape in shapes:
        shape = [sizes.get(size, size) for size in shape]
        if name == "mask":
            arrays[name] = (random.random(shape) < 0.7).astype(kind)
        elif kind == "int64":
            arrays[name] = random.integers(0, sizes["nodes"], shape)
        else:
            arrays[name] = numpy.where(random.random(shape) < 0.1, 0, random.standard_normal(shape)).astype(kind)
    return arrays


def randomise(network, seed):
    """Weights and statistics as if trained, so that no normalisation is the identity."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                value += 0.2 * torch.rand(value.shape, generator=generator, dtype=value.dtype)
    return network


def save(network, shapes, form, example, path):
    if form == "module":
        torch.save(network, path)
    elif form == "scripted":
        torch.jit.script(network).save(path)
    elif form == "traced":
        torch.jit.trace(network.eval(), example).save(path)
    else:
        symbols = {size for _, _, shape in shapes for size in shape if isinstance(size, str)}
        dims = {symbol: torch.export.Dim(symbol, min=5 if symbol == "particles" else 1, max=4096) for symbol in symbols}
        dynamic = {name: {axis: dims[size] for axis, size in enumerate(shape) if size in dims} for name, _, shape in shapes}
        torch.export.save(torch.export.export(network.eval(), example, dynamic_shapes=dynamic), path)


def tensors(arrays):
    return tuple(torch.from_numpy(array) for array in arrays.values())


def make(folder, name):
    torch.manual_seed(7)
    build, shapes, form = CASES[name]
    network = randomise(build(), 11).train()
    folder = folder / name
    folder.mkdir(parents=True)
    model = "model.pt2" if form == "program" else "model.pt"
    save(network, shapes, form, tensors(inputs(shapes, EXAMPLE, 1)), folder / model)
    # A recorded module is what its file says, not what was recorded.
    network = torch.jit.load(folder / model) if form == "traced" else network.eval()
    for index, sizes in enumerate(SIZES):
        arrays = inputs(shapes, sizes, index + 2)
        with torch.no_grad():
            outputs = network(*tensors(arrays))
        if isinstance(outputs, torch.Tensor):
            outputs = {"output": outputs}
        elif isinstance(outputs, tuple):
            outputs = {f"output_{index}": value for index, value in enumerate(outputs)}
        numpy.savez(folder / f"inputs_{index}.npz", **arrays)
        numpy.savez(folder / f"expected_{index}.npz", **{key: value.numpy() for key, value in outputs.items()})
    described = [{"name": name, "type": kind, "shape": [str(size) for size in shape]} for name, kind, shape in shapes]
    (folder / "case.json").write_text(json.dumps({"model": model, "inputs": described}))


def make_refused(folder):
    """Files that hold no module, or one that cannot be run."""
    folder.mkdir()
    torch.save(networks.Perceptron().state_dict(), folder / "state_dict.pt")
    torch.save({"epoch": 3, "model": networks.Perceptron().state_dict()}, folder / "checkpoint.pt")
    torch.save(networks.Nested(), folder / "nested.pt")
    torch.save(networks.Aborting(), folder / "aborting.pt")
    with zipfile.ZipFile(folder / "archive.pt", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    for name, form in {"module": "mlp/model.pt", "traced": "mlp_traced/model.pt", "program": "mlp_program/model.pt2"}.items():
        data = (folder.parent / form).read_bytes()
        (folder / f"cut_{name}{pathlib.Path(form).suffix}").write_bytes(data[: len(data) // 2])
    (folder / "empty.pt").write_bytes(b"")
    (folder / "text.pt").write_text("no model")


if __name__ == "__main__":
    for case in CASES:
        make(pathlib.Path(sys.argv[1]), case)
    make_refused(pathlib.Path(sys.argv[1]) / "refused")
