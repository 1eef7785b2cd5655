"""Modules of PyTorch: exported by the recipe that the library uses for files, and compared with the module itself."""

from __future__ import annotations

import pathlib
import types
from typing import Any

import numpy

from ._library import Code, ModelError, refused
from ._model import Model, load

# How far an output may be off, relative to its largest magnitude: room for other orders of summing, none for other graphs.
TOLERANCES = {"float64": 1e-6, "float32": 1e-4, "float16": 1e-2}


class Refusal(Exception):
    """Raised by the recipe; the message is for the user."""


def recipe() -> types.ModuleType:
    """The module of the adapter for PyTorch, in the package or in the source tree around it."""
    here = pathlib.Path(__file__).resolve().parent
    places = [here / "_recipes" / "export.py", here.parents[1] / "Adapters" / "PyTorch" / "Python" / "export.py"]
    path = next((place for place in places if place.exists()), places[0])
    module = types.ModuleType("septum._recipes.export")
    module.__dict__["Refusal"] = Refusal
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except ModuleNotFoundError as error:
        raise refused(
            f"the Python module '{error.name}' is not installed: run 'pip install torch onnx onnxscript'",
            Code.ENVIRONMENT) from error
    return module


def model(module: Any, examples: tuple[Any, ...], shapes: dict[str, Any] | None, threads: int) -> Model:
    export = recipe()
    torch = export.torch
    if not isinstance(module, torch.nn.Module):
        raise refused(f"found a {type(module).__name__}, expected a torch.nn.Module")
    examples = tuple(torch.as_tensor(example) for example in examples)
    kind = "script" if isinstance(module, torch.jit.ScriptModule) else "module"
    names, required = export.parameters(module, kind)
    if not max(1, required) <= len(examples) <= len(names):
        raise refused(
            f"the module's inputs are {', '.join(names)}, of which {required} have to be given; {len(examples)} examples are given")
    given = []
    for name, example in zip(names, examples):
        shape = (shapes or {}).get(name) or (["batch", *example.shape[1:]] if example.ndim else [])
        if len(shape) != example.ndim:
            raise refused(f"input '{name}' has the shape {tuple(example.shape)}, {len(shape)} dimensions are given for it")
        given.append((name, str(example.dtype).removeprefix("torch."), list(shape)))
    training = {part: part.training for part in module.modules()}
    try:
        found = export.exported(module.eval(), kind, given, {})
        with torch.no_grad():
            outputs = export.flat(module(*examples))
    except Refusal as error:
        raise refused(str(error), Code.UNSUPPORTED) from error
    finally:
        for part, was in training.items():
            part.training = was
    own = {"inputs": [value.numpy() for value in examples], "outputs": [value.detach().numpy() for value in outputs.values()]}
    failures = list(found["failures"])
    for candidate in found["candidates"]:
        try:
            made = load(candidate["onnx"], name="module as ONNX", format="onnx", threads=threads)
            for probe in [*found["probes"], own]:
                compare(made, probe)
            return made
        except ModelError as error:
            failures.append(f"{candidate['exporter']}: {error}")
    raise refused(f"PyTorch's exporters give no graph that agrees with the module: {'; '.join(failures)}", Code.UNSUPPORTED)


def compare(made: Model, probe: dict[str, Any]) -> None:
    results = list(made.run(*probe["inputs"]).values())
    if len(results) != len(probe["outputs"]):
        raise refused(f"the graph has {len(results)} outputs, the module {len(probe['outputs'])}", Code.MISMATCH)
    for index, (have, want) in enumerate(zip(results, probe["outputs"])):
        if have.shape != want.shape or have.dtype != want.dtype:
            raise refused(f"output {index} is {have.dtype} {have.shape}, expected {want.dtype} {want.shape}", Code.MISMATCH)
        tolerance = TOLERANCES.get(want.dtype.name)
        if tolerance is None or not want.size:
            agrees = numpy.array_equal(have, want)
        else:
            finite = numpy.abs(want[numpy.isfinite(want)], dtype="f8")
            agrees = numpy.allclose(have, want, rtol=0, atol=tolerance * (finite.max() if finite.size else 0), equal_nan=True)
        if not agrees:
            raise refused(f"output {index} differs from PyTorch's", Code.MISMATCH)
