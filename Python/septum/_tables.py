"""Columns by name: structured numpy arrays, awkward records, data frames and dictionaries of columns."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy

from ._library import refused

if TYPE_CHECKING:
    from ._model import Model

PREPARED = ("transform", "offset", "scale", "clip")


def is_awkward(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "awkward" and hasattr(value, "layout")


def fields(value: Any) -> list[str] | None:
    """The names of a table's columns; None for what is no table."""
    if isinstance(value, numpy.ndarray):
        return list(value.dtype.names) if value.dtype.names else None
    if isinstance(value, Mapping):
        return list(value)
    if is_awkward(value):
        return list(value.fields) or None
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        return list(value.columns)
    return None


def features(model: Model, name: str) -> list[dict[str, Any]]:
    """What the contract says about the columns of an input."""
    for entry in (model.contract or {}).get("inputs", []):
        if entry["tensor"] == name:
            prepared = sorted({key for feature in entry["features"] for key in PREPARED if key in feature})
            if prepared or "sort" in entry or "link" in entry or "length" in entry:
                raise refused(
                    f"the contract of input '{name}' prepares its columns ({', '.join(prepared) or 'sort, link or length'}), "
                    f"which `score` and 'septum run' do: call that, or give the prepared array")
            return entry["features"]
    raise refused(f"the model does not name the columns of input '{name}': give an array with the columns in its order")


def stacked(model: Model, name: str, table: Any) -> Any:
    """The columns of an input in the order of the model's contract, as one array or a jagged one."""
    known = fields(table) or []
    listed = features(model, name)
    missing = [entry["name"] for entry in listed if entry.get("branch", entry["name"]) not in known]
    if missing:
        near = difflib.get_close_matches(missing[0], [str(field) for field in known], 1)
        raise refused(
            f"input '{name}' lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            + (f": is it {near[0]}?" if near else ""))
    columns = [(entry, column(table[entry.get("branch", entry["name"])], entry["name"])) for entry in listed]
    offsets = [values.offsets for _, values in columns if not isinstance(values, numpy.ndarray)]
    if offsets and (len(offsets) < len(columns) or any(not numpy.array_equal(offsets[0], other) for other in offsets)):
        raise refused(f"the columns of input '{name}' differ in their numbers of items")
    flat = [(entry, values if isinstance(values, numpy.ndarray) else values.values) for entry, values in columns]
    for entry, values in flat:
        if values.ndim != 1 or len(values) != len(flat[0][1]):
            raise refused(f"column '{entry['name']}' of input '{name}' has shape {values.shape}, expected ({len(flat[0][1])},)")
    target = model.inputs[name].dtype
    matrix = numpy.empty((len(flat[0][1]), len(flat)), numpy.result_type(*(values.dtype for _, values in flat)))
    if target is not None and all(numpy.can_cast(values.dtype, target, "same_kind") for _, values in flat):
        matrix = numpy.empty(matrix.shape, target)
    for index, (entry, values) in enumerate(flat):
        matrix[:, index] = without_missing(values, entry, name)
    if not offsets:
        return matrix
    from ._inputs import Jagged

    return Jagged(matrix, offsets[0])


def column(values: Any, name: str) -> Any:
    if is_awkward(values):
        return plain(values, f"column '{name}'")
    array = numpy.asarray(values)
    if array.dtype.kind not in "fiub":
        raise refused(f"column '{name}' is {getattr(values, 'dtype', array.dtype)}, expected numbers")
    return array


def without_missing(values: Any, entry: dict[str, Any], name: str) -> Any:
    rule = entry.get("missing", "refuse")
    if rule == "keep" or values.dtype.kind != "f" or not (gaps := numpy.isnan(values)).any():
        return values
    if rule == "refuse":
        raise refused(f"column '{entry['name']}' of input '{name}' is NaN in row {int(numpy.argmax(gaps))}")
    return numpy.where(gaps, values.dtype.type(rule), values)


def plain(value: Any, what: str) -> Any:
    """A numpy array, or a jagged one when the rows of an awkward array have lengths of their own."""
    import awkward

    from ._inputs import Jagged

    try:
        if value.layout.purelist_isregular:
            return awkward.to_numpy(value, allow_missing=False)
        counts = awkward.to_numpy(awkward.num(value, axis=1), allow_missing=False)
        values = awkward.to_numpy(awkward.flatten(value, axis=1), allow_missing=False)
    except ValueError as error:
        raise refused(f"{what} is {value.type}, expected numbers without gaps and one list for each row: {error}") from error
    return Jagged(values, numpy.concatenate([[0], numpy.cumsum(counts)]).astype(numpy.int64))


def unflattened(values: Any, offsets: Any) -> Any:
    import awkward

    layout = awkward.contents.ListOffsetArray(awkward.index.Index64(offsets), awkward.to_layout(values))
    return awkward.Array(layout)
