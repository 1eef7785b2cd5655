"""The shared library, element types and errors."""

from __future__ import annotations

import enum
import os
import pathlib
from typing import Any

import numpy

from . import _core


class Code(enum.IntEnum):
    """What kind of failure a ModelError is; the numbers are those of septum.h."""

    FILE = 1
    MALFORMED = 2
    UNSUPPORTED = 3
    INVALID_MODEL = 4
    INVALID_INPUT = 5
    LIMIT = 6
    ENVIRONMENT = 7
    UNTRUSTED = 8
    MISMATCH = 9
    PLUGIN = 10


class ModelError(Exception):
    """A failure that Septum reports: `code` says its kind, `message` what was found, what was expected and what to do."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = Code(code) if code in set(Code) else code
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        return ModelError, (int(self.code), self.message)


# The numbers of element types are those of ONNX.
TYPES = {
    1: numpy.dtype("f4"), 2: numpy.dtype("u1"), 3: numpy.dtype("i1"), 4: numpy.dtype("u2"), 5: numpy.dtype("i2"),
    6: numpy.dtype("i4"), 7: numpy.dtype("i8"), 8: numpy.dtype("O"), 9: numpy.dtype("?"), 10: numpy.dtype("f2"),
    11: numpy.dtype("f8"), 12: numpy.dtype("u4"), 13: numpy.dtype("u8"), 14: numpy.dtype("c8"), 15: numpy.dtype("c16"),
}
STRING = 8
# Those that numpy lacks, as the package ml_dtypes calls them, with the type that carries their bits.
FOREIGN = {
    16: ("bfloat16", numpy.dtype("u2")), 17: ("float8_e4m3fn", numpy.dtype("u1")), 18: ("float8_e4m3fnuz", numpy.dtype("u1")),
    19: ("float8_e5m2", numpy.dtype("u1")), 20: ("float8_e5m2fnuz", numpy.dtype("u1")),
}
CARRIERS = TYPES | {code: carrier for code, (_, carrier) in FOREIGN.items()}


def foreign(code: int) -> numpy.dtype[Any] | None:
    """The type of the package ml_dtypes; None when that is not installed."""
    try:
        import ml_dtypes
    except ImportError:
        return None
    return numpy.dtype(getattr(ml_dtypes, FOREIGN[code][0]))


def dtype(code: int) -> numpy.dtype[Any] | None:
    """The numpy type of an element type, None when there is none."""
    return foreign(code) if code in FOREIGN else TYPES.get(code)


def refused(message: str, code: Code = Code.INVALID_INPUT) -> ModelError:
    return ModelError(code, message)


def version() -> str:
    """The version of the shared library."""
    return _core.version()


def _open() -> None:
    folder = pathlib.Path(__file__).parent
    beside = [str(folder / name) for name in ("libseptum.so", "libSeptumC.so") if (folder / name).exists()]
    named = os.environ.get("SEPTUM_LIBRARY")
    reasons = []
    for path in [named] if named else [*beside, "libseptum.so.1", "libseptum.so", "libSeptumC.so"]:
        try:
            return _core.open(os.fsencode(path))
        except OSError as error:
            reasons.append(str(error))
    raise ImportError(
        f"Septum's shared library cannot be opened: {'; '.join(reasons)}. "
        f"Set SEPTUM_LIBRARY to the path of libseptum.so.")


_open()
_core.setup(numpy.empty, CARRIERS, ModelError, numpy.ndarray)
