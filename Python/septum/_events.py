"""Columns of events for `Model.score`, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from . import _inputs, _tables
from ._inputs import Jagged
from ._library import FOREIGN, STRING, TYPES, refused

if TYPE_CHECKING:
    from ._model import Model

CODES = {dtype: code for code, dtype in TYPES.items() if dtype.kind in "biuf"}


def branches(model: Model) -> list[str]:
    """The columns that the contract reads."""
    if model.contract is None:
        raise refused(
            "the model does not say which columns its inputs are: write it with a contract, "
            "'septum convert MODEL TARGET.septum --contract FILE.yaml'")
    found = []
    for entry in model.contract["inputs"]:
        found += [feature.get("branch", feature["name"]) for feature in entry["features"]]
        found += [name for name in (entry.get("link"), (entry.get("sort") or {}).get("by")) if name]
    return list(dict.fromkeys(found))


def score(model: Model, table: Any, columns: dict[str, Any]) -> dict[str, Any]:
    known = [] if table is None else _tables.fields(table)
    if known is None:
        raise refused(f"found a {type(table).__name__}, expected a table: a dictionary or an array with columns by name")
    given: list[tuple[bytes, int, Any, Any]] = []
    counts, in_awkward = {}, False
    for name in branches(model):
        if name not in columns and name not in known:
            continue  # the library says which one is missing
        value = columns[name] if name in columns else table[name]
        in_awkward = in_awkward or _tables.is_awkward(value)
        values, offsets = taken(value, name)
        counts[name] = len(values) if offsets is None else len(offsets) - 1
        given.append((name.encode(), CODES[values.dtype], values, offsets))
    if len(set(counts.values())) > 1:
        raise refused("the columns differ in their numbers of events: " + ", ".join(f"{name} {n}" for name, n in counts.items()))
    found = model._score(next(iter(counts.values()), 0), given)
    return {name: finished(name, code, values, offsets, in_awkward) for name, code, values, offsets in found}


def taken(value: Any, name: str) -> tuple[Any, Any]:
    """Values in the byte order of the machine, and the offsets of lists."""
    if _tables.is_awkward(value):
        value = _tables.plain(value, f"column '{name}'")
    offsets = None
    if isinstance(value, Jagged):
        value, offsets = value.values, numpy.ascontiguousarray(value.offsets, dtype=numpy.int64)
    if isinstance(value, numpy.ma.MaskedArray):
        raise refused(f"column '{name}' is a masked array: fill it first, such as with array.filled(numpy.nan)")
    array = numpy.asarray(value)
    array = numpy.require(array, array.dtype.newbyteorder("="), "A")
    if array.ndim != 1 or array.dtype not in CODES:
        raise refused(f"column '{name}' is {array.dtype} of shape {array.shape}, expected one number for each event or item")
    return array, offsets


def finished(name: str, code: int, values: Any, offsets: Any, in_awkward: bool) -> Any:
    if code == STRING:
        values = numpy.array(values[1], dtype=object).reshape(values[0])
    elif code in FOREIGN:
        values = _inputs.viewed(f"column '{name}'", code, values)
    if offsets is None:
        return values
    return _tables.unflattened(values, offsets) if in_awkward else Jagged(values, offsets)
