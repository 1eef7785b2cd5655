"""Exports a PyTorch model to ONNX and computes probes, inputs with the outputs that PyTorch gives for them."""

import inspect
import io
import itertools
import logging
import pickle
import warnings
import zipfile

import torch
import sympy
import onnxscript  # the newer exporter needs it: found missing here, not half-way

logging.getLogger("torch.onnx").setLevel(logging.ERROR)

# Sizes of the dimensions that may vary, in the order in which the shapes name them: the batch small, particles enough for the
# 16 neighbours of ParticleNet; distinct, and none is 0 or 1, which exporters take for constants.
SIZES = ((4, 22, 27, 33, 39), (7, 29, 24, 37, 45))
# For the exporter that follows the module's Python code, and for the one that records or reads TorchScript.
OPSETS = (18, 17)


def load(path, content):
    """The model and its kind: program, script or module."""
    data = path if content is None else io.BytesIO(content)
    names = zipfile.ZipFile(data).namelist() if zipfile.is_zipfile(data) else []
    data = path if content is None else io.BytesIO(content)
    last = {name.split("/", 1)[-1] for name in names}
    try:
        if "constants.pkl" in last and any("/code/" in name for name in names):
            return torch.jit.load(data, map_location="cpu").eval(), "script"
        if {"archive_format", "serialized_exported_program.json"} & (last | set(names)):
            return torch.export.load(data), "program"
        model = torch.load(data, map_location="cpu", weights_only=False)
    except (EOFError, OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise Refusal(f"PyTorch cannot read the file, which is damaged or no PyTorch file: {first_line(error)}") from error
    except AttributeError as error:
        raise Refusal(
            f"{first_line(error)}; the module's class has to be importable: define it in a file and put its folder on PYTHONPATH"
        ) from error
    return model.eval() if isinstance(model, torch.nn.Module) else model, "module"


def first_line(error):
    return str(error).strip().split("\n", 1)[0][:300]


def described(model):
    """What a file without a module holds."""
    if isinstance(model, dict) and model and all(isinstance(value, torch.Tensor) for value in model.values()):
        return f"only weights (a state_dict of {len(model)} tensors)"
    return f"a {type(model).__module__}.{type(model).__qualname__}"


def parameters(model, kind):
    """The names of the inputs in order, and how many of them have to be given."""
    if kind == "script":
        arguments = model.forward.schema.arguments[1:]
        return [argument.name for argument in arguments], sum(not argument.has_default_value() for argument in arguments)
    signature = inspect.signature(model.forward).parameters.values()
    named = [item for item in signature if item.kind == item.POSITIONAL_OR_KEYWORD]
    return [item.name for item in named], sum(item.default is item.empty for item in named)


def example(shape, kind, generator):
    dtype = getattr(torch, kind, None)
    if not isinstance(dtype, torch.dtype):
        raise Refusal(f"PyTorch has no element type '{kind}'")
    if dtype.is_floating_point:
        return torch.randn(shape, generator=generator, dtype=torch.float32).to(dtype)
    return torch.randint(0, 2, shape, generator=generator).to(dtype)


def examples(shapes, limits):
    """Two sets of inputs whose variable dimensions differ; each `shapes` is (name, element type, dimensions)."""
    dimensions = [size for _, _, shape in shapes for size in shape]
    symbols = list(dict.fromkeys(str(symbol) for size in dimensions for symbol in sorted(sympy.sympify(size).free_symbols, key=str)))
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
    raise Refusal(f"the module returns a {type(outputs).__name__}, expected a tensor, or a tuple or dictionary of tensors")


def computed(run, inputs, shapes):
    try:
        return flat(run(*inputs))
    except Exception as error:
        if isinstance(error, Refusal):
            raise
        given = ", ".join(f"{name} {value.dtype} {list(value.shape)}" for (name, _, _), value in zip(shapes, inputs))
        reason = str(error).strip().split("\n")[-1][:300]
        raise Refusal(
            f"the module fails on inputs {given} with {type(error).__name__}: {reason}; give shapes that it takes, and element "
            f"types where they are not float32, such as --input-shape index=int64:edges"
        ) from error


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
        return {"found": described(model)}
    shapes, limits = program_shapes(model) if kind == "program" else (given, {})
    if kind != "program":
        order, required = parameters(model, kind)
        names = [name for name, _, _ in shapes]
        if len(names) < required or sorted(names) != sorted(order[: len(names)]):
            return {"parameters": order[:required], "optional": order[required:]}
        shapes = sorted(shapes, key=lambda item: order.index(item[0]))
    return exported(model, kind, shapes, limits)


def exported(model, kind, shapes, limits):
    """The candidates and probes for a model whose inputs have these names, element types and dimensions."""
    sets = list(examples(shapes, limits))
    run = model.module() if kind == "program" else model
    probes, candidates, failures = [], [], []
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for inputs in sets:
            outputs = computed(run, inputs, shapes)
            results = [value.detach().numpy() for value in outputs.values()]
            probes.append({"inputs": [value.numpy() for value in inputs], "outputs": results})
        names = list(outputs)
        recording, following = ("dynamo=False", by_recording), ("dynamo=True", by_following)
        exporters = {"script": [recording], "program": [following], "module": [following, recording]}
        for exporter, export in exporters[kind]:
            try:
                candidates.append({"exporter": exporter, "onnx": export(model, sets[0], shapes, names, kind)})
            except Exception as error:
                failures.append(f"{exporter}: {type(error).__name__}: {first_line(error)}")
    return {"version": torch.__version__, "candidates": candidates, "failures": failures, "probes": probes}
