"""Exports a PyTorch model to ONNX and computes probes, inputs with the outputs that PyTorch gives for them."""

import inspect
import io
import itertools
import logging
import warnings
import zipfile

import sympy
import torch

logging.getLogger("torch.onnx").setLevel(logging.ERROR)

# Sizes of the dimensions that may vary; distinct, and none is 0 or 1, which exporters take for constants.
SIZES = ((4, 6, 9, 11, 13), (7, 10, 5, 17, 19))
# For the exporter that follows the module's Python code, and for the one that records or reads TorchScript.
OPSETS = (18, 17)


def load(path, content):
    """The model and its kind: program, script or module."""
    data = path if content is None else io.BytesIO(content)
    names = zipfile.ZipFile(data).namelist() if zipfile.is_zipfile(data) else []
    data = path if content is None else io.BytesIO(content)
    last = {name.split("/", 1)[-1] for name in names}
    if "constants.pkl" in last and any("/code/" in name for name in names):
        return torch.jit.load(data, map_location="cpu").eval(), "script"
    if {"archive_format", "serialized_exported_program.json"} & (last | set(names)):
        return torch.export.load(data), "program"
    model = torch.load(data, map_location="cpu", weights_only=False)
    return model.eval() if isinstance(model, torch.nn.Module) else model, "module"


def parameters(model, kind):
    """The names of the inputs that have to be given."""
    if kind == "script":
        return [argument.name for argument in model.forward.schema.arguments[1:]]
    signature = inspect.signature(model.forward).parameters.values()
    return [item.name for item in signature if item.default is item.empty and item.kind == item.POSITIONAL_OR_KEYWORD]


def example(shape, kind, generator):
    dtype = getattr(torch, kind)
    if dtype.is_floating_point:
        return torch.randn(shape, generator=generator, dtype=torch.float32).to(dtype)
    return torch.randint(0, 2, shape, generator=generator).to(dtype)


def examples(shapes, limits):
    """Two sets of inputs whose variable dimensions differ; each `shapes` is (name, element type, dimensions)."""
    dimensions = [size for _, _, shape in shapes for size in shape]
    symbols = sorted({str(symbol) for size in dimensions for symbol in sympy.sympify(size).free_symbols})
    generator = torch.Generator().manual_seed(1)
    for sizes in SIZES:
        bound = {}
        for symbol, size in zip(symbols, itertools.cycle(sizes)):
            lower, upper = limits.get(symbol, (size, size))
            bound[symbol] = int(min(max(size, lower), upper))
        yield [
            example([int(sympy.sympify(size).subs(bound)) for size in shape], kind, generator) for _, kind, shape in shapes]


def program_shapes(program):
    """Names, element types and shapes of the inputs of an exported program, and the limits of its variable dimensions."""
    wanted, shapes = set(program.graph_signature.user_inputs), []
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in wanted:
            value = node.meta["val"]
            shape = [size if isinstance(size, int) else str(size) for size in value.shape]
            shapes.append((node.name, str(value.dtype).removeprefix("torch."), shape))
    limits = {str(symbol): (limit.lower, limit.upper) for symbol, limit in program.range_constraints.items()}
    return shapes, limits


def flat(outputs):
    """Output names and tensors."""
    if isinstance(outputs, torch.Tensor):
        return {"output": outputs}
    if isinstance(outputs, dict) and all(isinstance(value, torch.Tensor) for value in outputs.values()):
        return dict(outputs)
    if isinstance(outputs, (list, tuple)) and all(isinstance(value, torch.Tensor) for value in outputs):
        return {f"output_{index}": value for index, value in enumerate(outputs)}
    raise TypeError(f"the module returns {type(outputs).__name__}; a tensor, or a tuple or dictionary of tensors can be exported")


def by_following(model, inputs, shapes, names, kind):
    """torch.export; without its optimiser, which drops small additive constants."""
    dimensions = {}
    for name, _, shape in shapes:
        dynamic = {axis: size for axis, size in enumerate(shape) if isinstance(size, str)}
        dimensions[name] = {axis: torch.export.Dim(size) for axis, size in dynamic.items()}
    given = {} if kind == "program" else {"kwargs": dict(zip((name for name, _, _ in shapes), inputs)), "dynamic_shapes": dimensions}
    program = torch.onnx.export(
        model, (), **given, input_names=[name for name, _, _ in shapes], output_names=names, opset_version=OPSETS[0],
        dynamo=True, optimize=False, external_data=False, verbose=False)
    return program.model_proto.SerializeToString()


def by_recording(model, inputs, shapes, names, kind):
    """The older exporter: runs the module and records it, or reads its TorchScript."""
    axes = {name: {axis: size for axis, size in enumerate(shape) if isinstance(size, str)} for name, _, shape in shapes}
    file = io.BytesIO()
    torch.onnx.export(
        model, tuple(inputs), file, input_names=[name for name, _, _ in shapes], output_names=names, dynamic_axes=axes,
        opset_version=OPSETS[1], dynamo=False)
    return file.getvalue()


def read(path, content, given):
    """The model as one or more ONNX candidates, the first to be preferred, and probes to judge them by."""
    model, kind = load(path, content)
    if kind == "module" and not isinstance(model, torch.nn.Module):
        return {"found": f"{type(model).__module__}.{type(model).__qualname__}", "version": torch.__version__}
    shapes, limits = program_shapes(model) if kind == "program" else (given, {})
    if kind != "program":
        order = parameters(model, kind)
        if sorted(name for name, _, _ in shapes) != sorted(order):
            return {"parameters": order, "version": torch.__version__}
        shapes = sorted(shapes, key=lambda item: order.index(item[0]))
    sets = list(examples(shapes, limits))
    run = model.module() if kind == "program" else model
    probes, candidates, failures = [], [], []
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for inputs in sets:
            outputs = flat(run(*inputs))
            results = [value.detach().numpy() for value in outputs.values()]
            probes.append({"inputs": [value.numpy() for value in inputs], "outputs": results})
        names = list(outputs)
        exporters = {"script": [by_recording], "program": [by_following], "module": [by_following, by_recording]}
        for exporter in exporters[kind]:
            try:
                content = exporter(model, sets[0], shapes, names, kind)
                candidates.append({"exporter": exporter.__name__, "onnx": content})
            except Exception as error:
                failures.append(f"{type(error).__name__}: {error}"[:2000])
    return {"version": torch.__version__, "kind": kind, "candidates": candidates, "failures": failures, "probes": probes}
