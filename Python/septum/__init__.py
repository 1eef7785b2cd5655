"""Septum from Python: trained models of any format it reads, numpy arrays in and out.

    model = septum.load("tagger.onnx")
    scores = model.run(constituents=particles, jet=jets)["probabilities"]

A model can be pickled (the file's bytes travel) and used by many threads; each thread gets a context of its own. The shared
library is found through SEPTUM_LIBRARY, beside this package, or by the system's loader.
"""

import ctypes
import os
import pathlib
import tempfile
import threading

import numpy

from . import _library

__all__ = ["Error", "Model", "convert", "load", "version"]

Error = _library.Error


def version():
    """The version of the shared library."""
    return _library.library().septum_version().decode()


def convert(source, destination):
    """Reads a model of any format and writes it in the format that the destination's suffix names."""
    _library.check(_library.library().septum_convert(os.fsencode(source), os.fsencode(destination)))


def load(path, threads=1):
    """Reads a model of any format; `threads` share the large steps of each run, such as a matrix product."""
    return Model(path, threads)


class Model:
    """A compiled model; `inputs` and `outputs` map names to (dtype, shape), symbolic dimensions being strings."""

    def __init__(self, path, threads=1):
        self.path, self.threads = os.fspath(path), threads
        handle = ctypes.c_void_p()
        _library.check(_library.library().septum_model_load(os.fsencode(path), ctypes.byref(handle)))
        self._handle = handle
        self._contexts = threading.local()
        self.inputs = _library.ports(handle, "input")
        self.outputs = _library.ports(handle, "output")

    def __del__(self):
        if getattr(self, "_handle", None):
            _library.library().septum_model_free(self._handle)

    def __reduce__(self):
        return _restore, (pathlib.Path(self.path).read_bytes(), pathlib.Path(self.path).suffix, self.threads)

    def run(self, *arrays, **named):
        """Runs the model on arrays in the order of its inputs, or by name; gives a dict of outputs."""
        arrays = list(arrays)
        for name in list(self.inputs)[len(arrays):]:
            if name not in named:
                raise Error(5, f"input '{name}' is missing")
            arrays.append(named.pop(name))
        if named or len(arrays) != len(self.inputs):
            raise Error(5, f"the model's inputs are {', '.join(self.inputs)}; not {', '.join(named) or 'more'}")
        given = []
        for array, (name, (dtype, _)) in zip(arrays, self.inputs.items()):
            array = numpy.asarray(array)
            if dtype is not None and array.dtype != dtype and not numpy.can_cast(array.dtype, dtype, "same_kind"):
                raise Error(5, f"input '{name}' is {array.dtype}, expected {dtype}")
            given.append(numpy.ascontiguousarray(array, dtype=dtype).reshape(array.shape))
        results = _library.run(self._context(), given, len(self.outputs))
        return dict(zip(self.outputs, results))

    def _context(self):
        if not hasattr(self._contexts, "context"):
            self._contexts.context = _library.Context(self._handle, self.threads)
        return self._contexts.context


def _restore(content, suffix, threads=1):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"model{suffix}"
        path.write_bytes(content)
        model = Model(path, threads)
    model.__class__ = _Restored
    model._content, model._suffix = content, suffix
    return model


class _Restored(Model):
    """A model whose file is gone; it keeps the bytes to be pickled again."""

    def __reduce__(self):
        return _restore, (self._content, self._suffix, self.threads)
