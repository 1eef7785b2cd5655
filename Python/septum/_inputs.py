"""Makes what a caller gives into arrays as the library takes them: by name, of the right type, rows of their own lengths."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from . import _tables
from ._library import CARRIERS, FOREIGN, STRING, foreign, refused

if TYPE_CHECKING:
    from ._model import Model


class Jagged(NamedTuple):
    """Rows of different lengths: row i holds `values[offsets[i]:offsets[i + 1]]`."""

    values: Any
    offsets: Any


def by_name(model: Model, arguments: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """The inputs in the model's order."""
    names = list(model.inputs)
    if len(arguments) == 1 and not named:
        fields = _tables.fields(arguments[0])
        if fields is not None and set(names) <= set(fields):
            unknown = [field for field in fields if field not in names]
            if unknown and isinstance(arguments[0], Mapping):
                raise refused(f"the model's inputs are {', '.join(names)}; not {', '.join(map(str, unknown))}")
            return {name: arguments[0][name] for name in names}
        if fields is not None and len(names) > 1:
            return {name: arguments[0] for name in names}
    if len(arguments) > len(names):
        raise refused(f"{len(arguments)} inputs given, the model's are {', '.join(names)}")
    given = dict(zip(names, arguments))
    for name, value in named.items():
        if name in given:
            raise refused(f"input '{name}' is given twice")
        if name not in model.inputs:
            near = difflib.get_close_matches(name, names, 1)
            raise refused(f"the model's inputs are {', '.join(names)}; not {name}" + (f": is it {near[0]}?" if near else ""))
        given[name] = value
    for name in names:
        if name not in given:
            raise refused(f"input '{name}' is missing")
    return {name: given[name] for name in names}


def taken(model: Model, name: str, code: int, value: Any) -> Any:
    """An array of the input's type, or a `Jagged` one."""
    if _tables.fields(value) is not None:
        value = _tables.stacked(model, name, value)
    elif _tables.is_awkward(value):
        value = _tables.plain(value, f"input '{name}'")
    if isinstance(value, Jagged):
        values = typed(f"input '{name}'", code, value.values)
        return Jagged(numpy.ascontiguousarray(values), numpy.ascontiguousarray(value.offsets, dtype=numpy.int64))
    if isinstance(value, numpy.ma.MaskedArray):
        raise refused(f"input '{name}' is a masked array: fill it first, such as with array.filled(numpy.nan)")
    return typed(f"input '{name}'", code, value)


def typed(what: str, code: int, value: Any) -> Any:
    """An aligned array of an element type, in the machine's byte order."""
    array = numpy.asarray(value)
    if code == STRING:
        if array.dtype.kind not in "OU":
            raise refused(f"{what} is {array.dtype}, expected strings")
        return array
    wanted = foreign(code) if code in FOREIGN else CARRIERS.get(code)
    if wanted is None:
        raise refused(missing(what, code) if code in FOREIGN else f"{what} is no tensor that numpy can hold")
    if array.dtype == wanted:
        return numpy.require(array, wanted, "A")
    if not numpy.can_cast(array.dtype, wanted, "same_kind"):
        raise refused(f"{what} is {array.dtype}, expected {wanted}")
    cast = array.astype(wanted)
    if wanted.kind in "iu" and not numpy.array_equal(cast, array):
        raise refused(f"{what} is {array.dtype} with numbers that {wanted} cannot hold")
    return cast


def missing(what: str, code: int) -> str:
    return f"{what} is {FOREIGN[code][0]}, which numpy knows by the package ml_dtypes only: run 'pip install ml_dtypes'"


def viewed(what: str, code: int, array: Any) -> Any:
    """The bits of an array as a type of the package ml_dtypes."""
    wanted = foreign(code)
    if wanted is None:
        raise refused(missing(what, code))
    return array.view(wanted)


def carried(array: Any) -> Any:
    """An array that has the buffer protocol, strings as their shape and bytes."""
    if array.dtype.kind in "OU":
        texts = array.ravel().tolist()
        for text in texts:
            if not isinstance(text, str):
                raise refused(f"an array of strings holds a {type(text).__name__}")
        return array.shape, [text.encode() for text in texts]
    for name, carrier in FOREIGN.values():
        if array.dtype.name == name:
            return array.view(carrier)
    return array


def run_jagged(model: Model, arrays: list[Any], given: list[Any], out: Any) -> dict[str, Any]:
    """Runs on rows of different lengths; results with rows of their own are awkward when an input was."""
    if out is not None:
        raise refused("'out' cannot be given for rows of different lengths")
    counts = [len(array.offsets) - 1 if isinstance(array, Jagged) else len(array) for array in arrays]
    if len(set(counts)) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in zip(model.inputs, counts))
        raise refused(f"the inputs differ in their numbers of rows: {listed}")
    values = [carried(numpy.ascontiguousarray(array.values if isinstance(array, Jagged) else array)) for array in arrays]
    offsets = [array.offsets if isinstance(array, Jagged) else None for array in arrays]
    found = model._run_jagged(counts[0], values, offsets)
    results = model._finished({name: values for name, (values, _) in found.items()})
    in_awkward = any(_tables.is_awkward(value) for value in given)
    for name, (_, starts) in found.items():
        if starts is not None:
            results[name] = _tables.unflattened(results[name], starts) if in_awkward else Jagged(results[name], starts)
    return results
