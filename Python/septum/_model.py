"""Models: loading, describing, running, saving, pickling."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import tempfile
import weakref
from typing import Any, NamedTuple, Union

import numpy

from . import _core, _events, _inputs, _library
from ._inputs import Jagged

Path = Union[str, "os.PathLike[str]"]


class Port(NamedTuple):
    """An input or an output: its numpy type (None when it has none) and its shape (None when it is not known), in which
    dimensions that depend on the inputs are strings such as "batch"."""

    dtype: Any
    shape: tuple[int | str, ...] | None


class Model(_core.Model):
    """A compiled model. `load` and the `from_...` functions make it.

    Attributes:
        inputs, outputs: dictionaries from names to `Port`, in the model's order.
        threads: how many threads share the large steps of each run.
    """

    inputs: dict[str, Port]
    outputs: dict[str, Port]
    threads: int

    def __init__(
        self, source: Path | bytes | bytearray | memoryview, *, name: str = "model", format: str | None = None,
        python: str | None = None, trust_pickle: bool = False, threads: int = 1, contract: dict[str, Any] | None = None,
    ) -> None:
        self._content: bytes | None = None
        self._description: dict[str, Any] | None = None
        self.threads = threads
        in_memory = isinstance(source, (bytes, bytearray, memoryview))
        path = None if in_memory else os.fsencode(source)  # type: ignore[arg-type]
        rules = None if contract is None else json.dumps(contract).encode()
        super().__init__(path, source, os.fsencode(name), format, python, trust_pickle, threads, rules)

    def _describe(self, inputs: list[tuple[Any, ...]], outputs: list[tuple[Any, ...]]) -> None:
        """Is called with (name, element type, shape) of each by the constructor."""
        self._input_types = [code for _, code, _ in inputs]
        self._output_types = [code for _, code, _ in outputs]
        self.inputs = {name: Port(_library.dtype(code), shape) for name, code, shape in inputs}
        self.outputs = {name: Port(_library.dtype(code), shape) for name, code, shape in outputs}

    @property
    def description(self) -> dict[str, Any]:
        """All that `septum inspect --json` says: format, producer, inputs, outputs, nodes, operators, contract, metadata."""
        if self._description is None:
            self._description = json.loads(self._json())
        return self._description

    @property
    def contract(self) -> dict[str, Any] | None:
        """What the columns of each input mean, as the source says; None when it does not."""
        return self.description["contract"]

    @property
    def symbols(self) -> list[str]:
        """The dimensions that depend on the inputs, in the order in which the inputs name them."""
        shapes = [port.shape or () for port in self.inputs.values()]
        return list(dict.fromkeys(size for shape in shapes for size in shape if isinstance(size, str)))

    def _run(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """The way of all inputs that `run` cannot take as they are."""
        out = None if "out" in self.inputs else named.pop("out", None)
        given = _inputs.by_name(self, arguments, named)
        taken = [
            _inputs.taken(self, name, code, value) for (name, value), code in zip(given.items(), self._input_types)]
        if any(isinstance(array, Jagged) for array in taken):
            return _inputs.run_jagged(self, taken, list(given.values()), out)
        return self._finished(self._run_list([_inputs.carried(array) for array in taken], out))

    def _finished(self, results: dict[str, Any]) -> dict[str, Any]:
        """Gives results their types where the buffer protocol has none."""
        for (name, value), code in zip(results.items(), self._output_types):
            if isinstance(value, tuple):
                results[name] = numpy.array(value[1], dtype=object).reshape(value[0])
            elif code in _library.FOREIGN:
                results[name] = _inputs.viewed(f"output '{name}'", code, value)
        return results

    def score(self, table: Any = None, /, **columns: Any) -> dict[str, Any]:
        """Takes columns of events through the model's contract and the model, as `septum run` does, to the same bits.

        Args:
            table: Columns by name: a dictionary, a structured array, a data frame, or an awkward array of records.
            columns: Further ones; flat arrays of one number an event, awkward arrays of lists, or `Jagged`.

        Returns:
            A column for each column of an output; those of rows within events are awkward when a given one was, else `Jagged`.

        Raises:
            ModelError: The model has no contract, a column is missing or does not fit, or holds NaN where none may be.
        """
        return _events.score(self, table, columns)

    def save(self, path: Path) -> None:
        """Writes the model in the format that the suffix of `path` names, such as .septum or .onnx."""
        self._save(os.fsencode(path))

    def to_bytes(self) -> bytes:
        """The model as the content of a .septum file, which `load` reads."""
        if self._content is None:
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "model.septum"
                self.save(path)
                self._content = path.read_bytes()
        return self._content

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.to_bytes(), self.threads)

    def __repr__(self) -> str:
        def ports(ports: dict[str, Port]) -> str:
            shown = []
            for name, port in ports.items():
                shape = "" if port.shape is None else "[" + ", ".join(map(str, port.shape)) + "]"
                shown.append(f"{name}: {'?' if port.dtype is None else port.dtype}{shape}")
            return ", ".join(shown)

        return f"<septum.Model ({ports(self.inputs)}) -> ({ports(self.outputs)})>"


_known: weakref.WeakValueDictionary[Any, Model] = weakref.WeakValueDictionary()


def _restored(content: bytes, threads: int) -> Model:
    """A model from a pickle; copies of one that is in use are that one."""
    key = hashlib.sha256(content).digest(), threads
    model = _known.get(key)
    if model is None:
        model = load(content, name="model.septum", format="septum", threads=threads)
        model._content = content
        _known[key] = model
    return model


def load(
    source: Path | bytes | bytearray | memoryview, *, name: str = "model", format: str | None = None,
    python: str | None = None, trust_pickle: bool = False, threads: int = 1, contract: dict[str, Any] | None = None,
) -> Model:
    """Reads a model of any format from a file or from the bytes of one.

    Args:
        source: A path, or the content of a file.
        name: Stands for the file's name when the content is given: its suffix helps to find the format.
        format: The format's short name, such as "onnx"; the content and the name decide when it is left out.
        python: The interpreter for formats that need their own library; this one when it is left out.
        trust_pickle: Whether a pickle may be read, which runs the code in it.
        threads: How many threads share the large steps of each run, such as a matrix product.
        contract: An input contract in place of the model's own, such as `yaml.safe_load` or `Model.contract` gives.

    Raises:
        ModelError: The file cannot be opened, is damaged, or asks for something that is not supported.
    """
    return Model(
        source, name=name, format=format, python=python, trust_pickle=trust_pickle, threads=threads, contract=contract)


def convert(source: Path | bytes | Model, target: Path, **options: Any) -> None:
    """Writes a model in the format that the target's suffix names.

    Args:
        source: A model, or what `load` reads, with its `options`.
        target: The file to write.
    """
    if isinstance(source, Model):
        source.save(target)
    elif options or isinstance(source, (bytes, bytearray, memoryview)):
        load(source, **options).save(target)
    else:
        _core.convert(os.fsencode(source), os.fsencode(target))
