"""Runs functions of embedded modules for Swift; only plain data crosses.

A request and a reply are one block of tagged bytes plus one block for each array. Tags: N none, T true, F false,
i int64, f float64, s string, b bytes, l list, d dictionary with string keys, a array (element type, rank, dimensions,
index of its block), z array of strings (rank, dimensions, strings). Numbers are little-endian.
"""

import itertools
import os
import struct
import sys
import threading
import traceback
import types

DEPTH_LIMIT = 64
# Element type codes are those of ONNX's TensorProto.DataType.
TYPES = {
    "f4": 1, "u1": 2, "i1": 3, "u2": 4, "i2": 5, "i4": 6, "i8": 7, "b1": 9, "f2": 10, "f8": 11, "u4": 12, "u8": 13,
    "c8": 14, "c16": 15,
}
NAMES = {code: name for name, code in TYPES.items()}
modules = {}
loading = threading.RLock()


class Refusal(Exception):
    """Raised by embedded modules, which find it among their globals; the message alone is for the user."""


def name(value):
    return f"{type(value).__module__}.{type(value).__qualname__}"


class Reader:
    """Decodes a request."""

    def __init__(self, data, arrays):
        self.data, self.arrays, self.at = data, arrays, 0

    def unpack(self, layout):
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def block(self):
        (count,) = self.unpack("q")
        self.at += count
        return self.data[self.at - count : self.at]

    def value(self):
        (tag,) = self.unpack("c")
        if tag in b"NTF":
            return {b"N": None, b"T": True, b"F": False}[tag]
        if tag == b"i":
            return self.unpack("q")[0]
        if tag == b"f":
            return self.unpack("d")[0]
        if tag == b"s":
            return self.block().decode()
        if tag == b"b":
            return self.block()
        if tag == b"l":
            return [self.value() for _ in range(self.unpack("q")[0])]
        if tag == b"d":
            return {self.block().decode(): self.value() for _ in range(self.unpack("q")[0])}
        import numpy

        if tag == b"z":
            shape = self.unpack(f"{self.unpack('q')[0]}q")
            strings = [self.block().decode() for _ in range(int(numpy.prod(shape, dtype=numpy.int64)))]
            return numpy.array(strings, dtype=object).reshape(shape)
        code, rank = self.unpack("bq")
        shape, (index,) = self.unpack(f"{rank}q"), self.unpack("q")
        return numpy.frombuffer(self.arrays[index], dtype=NAMES[code]).reshape(shape)


class Writer:
    """Encodes a reply."""

    def __init__(self):
        self.parts, self.arrays = [], []

    def pack(self, tag, layout="", *values):
        self.parts.append(tag + struct.pack("<" + layout, *values))

    def block(self, tag, data):
        self.pack(tag, "q", len(data))
        self.parts.append(data)

    def value(self, value, depth=0):
        if depth > DEPTH_LIMIT:
            raise ValueError(f"plain data nested deeper than {DEPTH_LIMIT}")
        if value is None or value is True or value is False:
            self.pack({None: b"N", True: b"T", False: b"F"}[value])
        elif isinstance(value, int):
            self.pack(b"i", "q", value)
        elif isinstance(value, float):
            self.pack(b"f", "d", value)
        elif isinstance(value, str):
            self.block(b"s", value.encode(errors="backslashreplace"))
        elif isinstance(value, (bytes, bytearray, memoryview)):
            self.block(b"b", bytes(value))
        elif isinstance(value, (list, tuple)):
            self.pack(b"l", "q", len(value))
            for item in value:
                self.value(item, depth + 1)
        elif isinstance(value, dict):
            self.pack(b"d", "q", len(value))
            for key, item in value.items():
                self.block(b"", str(key).encode(errors="backslashreplace"))
                self.value(item, depth + 1)
        else:
            self.array(value)

    def array(self, value):
        if "numpy" not in sys.modules:
            raise TypeError(f"{name(value)} is not plain data")
        import numpy  # waits when another thread is importing it

        if isinstance(value, numpy.generic):
            return self.value(value.item(), DEPTH_LIMIT)
        if not isinstance(value, numpy.ndarray):
            raise TypeError(f"{name(value)} is not plain data")
        if value.dtype.kind in "UO":
            self.pack(b"z", f"q{value.ndim}q", value.ndim, *value.shape)
            for item in value.ravel().tolist():
                if not isinstance(item, str):
                    raise TypeError(f"an array of objects holds a {type(item).__name__}, only strings can be read")
                self.block(b"", item.encode(errors="backslashreplace"))
            return
        value = value.astype(value.dtype.newbyteorder("<"), order="C", copy=False)
        code = TYPES.get(value.dtype.str[1:])
        if code is None:
            raise TypeError(f"an array of {value.dtype} is not plain data")
        self.pack(b"a", f"bq{value.ndim}qq", code, value.ndim, *value.shape, len(self.arrays))
        self.arrays.append(value.reshape(-1).view("u1") if value.size else b"")


def load(name, source):
    """The module made from an embedded source, compiled once."""
    with loading:
        known = modules.get(name)
        if known is None or known.source != source:
            known = types.ModuleType(f"_septum_{name}")
            known.source, known.Refusal = source, Refusal
            sys.modules[known.__name__] = known
            exec(compile(source, f"<septum {name}.py>", "exec"), known.__dict__)
            modules[name] = known
        return known


def describe(error):
    """What Swift needs to know about an exception."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    plain = str(error) if isinstance(error, Refusal) else None
    if isinstance(error, OSError) and error.strerror:
        plain = error.strerror if error.filename is None else f"{error.strerror}: '{error.filename}'"
    return {
        "kinds": kinds, "message": str(error), "plain": plain, "place": place, "module": missing, "executable": sys.executable}


def call(request, arrays):
    """Decodes [module, source, function, arguments], calls, and encodes {"value"} or {"error"}."""
    writer = Writer()
    try:
        name, source, function, arguments = Reader(request, arrays).value()
        writer.value({"value": getattr(load(name, source), function)(*arguments)})
    except BaseException as error:
        writer = Writer()
        writer.value({"error": describe(error)})
    return [b"".join(writer.parts), *writer.arrays]


def quiet():
    """Keeps what libraries print off the host's standard output, and gives them the argv they expect."""
    sys.stdout = sys.stderr
    sys.argv = getattr(sys, "argv", None) or [""]


def serve():
    """Answers one request from standard input on what was standard output, each a count of blocks, their lengths, and the blocks.

    What libraries print goes to standard error; nothing that they left to do at exit is done.
    """
    with open(0, "rb", closefd=False) as stream:
        data = stream.read()
    answer = os.dup(1)
    os.dup2(2, 0)
    os.dup2(2, 1)
    quiet()
    (count,) = struct.unpack_from("<q", data)
    ends = list(itertools.accumulate(struct.unpack_from(f"<{count}q", data, 8), initial=8 + 8 * count))
    head, *arrays = [data[start:end] for start, end in itertools.pairwise(ends)]
    blocks = [memoryview(block) for block in call(head, [bytearray(array) for array in arrays])]
    with open(answer, "wb") as stream:
        stream.write(struct.pack(f"<q{len(blocks)}q", len(blocks), *(block.nbytes for block in blocks)))
        for block in blocks:
            stream.write(block)
    os._exit(0)
