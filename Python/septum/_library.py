"""The C interface, septum.h, by ctypes."""

import ctypes
import functools
import os
import pathlib

import numpy

DTYPES = {
    1: numpy.dtype("f4"), 2: numpy.dtype("u1"), 3: numpy.dtype("i1"), 4: numpy.dtype("u2"), 5: numpy.dtype("i2"),
    6: numpy.dtype("i4"), 7: numpy.dtype("i8"), 9: numpy.dtype("?"), 10: numpy.dtype("f2"), 11: numpy.dtype("f8"),
    12: numpy.dtype("u4"), 13: numpy.dtype("u8"),
}
CODES = {dtype: code for code, dtype in DTYPES.items()}
STRING = 8


class Error(Exception):
    """A failure that Septum reports; `code` is the status of septum.h."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Port(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("type", ctypes.c_int32), ("rank", ctypes.c_int32),
        ("dims", ctypes.POINTER(ctypes.c_int64)), ("symbols", ctypes.POINTER(ctypes.c_char_p)),
    ]


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("type", ctypes.c_int32), ("rank", ctypes.c_int32), ("dims", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
    ]


@functools.cache
def library():
    beside = pathlib.Path(__file__).parent / "libSeptumC.so"
    path = os.environ.get("SEPTUM_LIBRARY") or (str(beside) if beside.exists() else "libSeptumC.so")
    loaded = ctypes.CDLL(path)
    loaded.septum_version.restype = ctypes.c_char_p
    loaded.septum_last_error.restype = ctypes.c_char_p
    loaded.septum_model_load.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    loaded.septum_model_free.argtypes = [ctypes.c_void_p]
    loaded.septum_model_free.restype = None
    loaded.septum_context_create_threaded.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p]
    loaded.septum_context_free.argtypes = [ctypes.c_void_p]
    loaded.septum_context_free.restype = None
    for kind in ("input", "output"):
        getattr(loaded, f"septum_model_{kind}_count").argtypes = [ctypes.c_void_p]
        getattr(loaded, f"septum_model_{kind}").argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p]
    loaded.septum_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32]
    loaded.septum_convert.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    return loaded


def check(status):
    if status != 0:
        raise Error(status, library().septum_last_error().decode())


def ports(model, kind):
    """Names with (dtype, shape) of a model's inputs or outputs; None for what is no tensor or not known."""
    result = {}
    for index in range(getattr(library(), f"septum_model_{kind}_count")(model)):
        port = Port()
        check(getattr(library(), f"septum_model_{kind}")(model, index, ctypes.byref(port)))
        shape = None
        if port.rank >= 0:
            symbols = [port.symbols[axis] for axis in range(port.rank)]
            shape = tuple(port.dims[axis] if symbol is None else symbol.decode() for axis, symbol in enumerate(symbols))
        result[port.name.decode()] = (DTYPES.get(port.type), shape)
    return result


class Context:
    """The working memory of one thread."""

    def __init__(self, model, threads):
        self.handle = ctypes.c_void_p()
        check(library().septum_context_create_threaded(model, threads, ctypes.byref(self.handle)))

    def __del__(self):
        if self.handle:
            library().septum_context_free(self.handle)


def run(context, arrays, count):
    """Runs on C-contiguous arrays; the results are copies."""
    inputs = (Tensor * max(1, len(arrays)))()
    kept = []
    for tensor, array in zip(inputs, arrays):
        if array.dtype not in CODES:
            raise Error(5, f"arrays of {array.dtype} cannot be given")
        dims = (ctypes.c_int64 * max(1, array.ndim))(*array.shape)
        kept.append(dims)
        tensor.data, tensor.type, tensor.rank, tensor.dims = array.ctypes.data, CODES[array.dtype], array.ndim, dims
    outputs = (Tensor * max(1, count))()
    check(library().septum_run(context.handle, inputs, len(arrays), outputs, count))
    return [copied(outputs[index]) for index in range(count)]


def copied(tensor):
    shape = tuple(tensor.dims[axis] for axis in range(tensor.rank))
    size = int(numpy.prod(shape, dtype=numpy.int64))
    if tensor.type == STRING:
        texts = ctypes.cast(tensor.data, ctypes.POINTER(ctypes.c_char_p))
        return numpy.array([texts[index].decode() for index in range(size)], dtype=object).reshape(shape)
    dtype = DTYPES.get(tensor.type)
    if dtype is None:
        raise Error(3, f"an output of element type {tensor.type} has no numpy type")
    if size == 0:
        return numpy.empty(shape, dtype)
    return numpy.frombuffer(ctypes.string_at(tensor.data, size * dtype.itemsize), dtype).reshape(shape).copy()
