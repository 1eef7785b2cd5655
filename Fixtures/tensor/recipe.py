"""Writes the arrays of this folder with numpy; run in a folder of its own, with the versions of case.json."""
import struct
import zipfile
import zlib

import numpy as np
from numpy.lib import format as npy

basic = {
    "float32": np.array([[1.5, -2.25, np.inf], [0.1, np.nan, -0.0]], np.float32),
    "float64": np.array([0.1, 1e300, 5e-324], np.float64),
    "float16": np.array([[0.5], [65504.0]], np.float16),
    "bool": np.array([True, False, True]),
    "int8": np.array([-128, 127], np.int8),
    "int16": np.array([-32768, 32767], np.int16),
    "int32": np.array([-(2**31), 2**31 - 1], np.int32),
    "int64": np.array([-(2**63), 2**63 - 1], np.int64),
    "uint8": np.array([0, 255], np.uint8),
    "uint16": np.array([0, 65535], np.uint16),
    "uint32": np.array([0, 2**32 - 1], np.uint32),
    "uint64": np.array([0, 2**64 - 1], np.uint64),
    "complex64": np.array([1 + 2j, -0.5j], np.complex64),
    "complex128": np.array([0.1 - 1e300j], np.complex128),
    "text": np.array([["jet", "é∂𝛾"], ["", "a\0b"]]),
    "bytes": np.array([b"pt", b"eta", b""]),
    "scalar": np.float32(3.5),
    "empty": np.zeros((0, 4), np.float32),
    "name/with.dots é": np.arange(3, dtype=np.int64),
}
np.savez("basic.npz", **basic)
np.savez_compressed("deflated.npz", ramp=np.arange(5000, dtype=np.float32).reshape(50, 100), **basic)

orders = {
    "big_float32": np.arange(6, dtype=">f4").reshape(2, 3),
    "big_int16": np.array([1, -2, 300], ">i2"),
    "big_complex64": np.array([1 + 2j], ">c8"),
    "big_text": np.array(["jet", "é"], ">U3"),
    "fortran": np.asfortranarray(np.arange(24, dtype=np.int32).reshape(2, 3, 4)),
    "fortran_big_text": np.asfortranarray(np.array([["a", "b", "c"], ["d", "e", "f"]], ">U1")),
}
np.savez("orders.npz", **orders)

with open("version2.npy", "wb") as file:
    npy.write_array(file, np.arange(4, dtype=np.float64).reshape(2, 2), version=(2, 0))
with open("version3.npy", "wb") as file:
    npy.write_array(file, np.arange(4, dtype=np.float64).reshape(2, 2), version=(3, 0))
np.save("structured.npy", np.zeros(2, [("pt", "f4"), ("eta", "f4")]))
np.save("objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)
np.save("datetime.npy", np.array(["2020-01-01"], "datetime64[D]"))
np.save("long_double.npy", np.array([1], np.longdouble))
np.savez("tiny.npz", x=np.arange(3, dtype=np.float32), y=np.array(["a"]))
np.savez_compressed("tiny_deflated.npz", x=np.arange(3, dtype=np.float32), y=np.array(["a"]))

with zipfile.ZipFile("foreign.npz", "w") as archive:
    archive.writestr("notes.txt", "no array")

# Sizes and offset in zip64 fields, as files beyond 4 GiB have them.
with open("version2.npy", "rb") as file:
    content = file.read()
name, ones = b"x.npy", 0xFFFFFFFF
fixed = struct.pack("<HHHHHI", 45, 0, 0, 0, 33, zlib.crc32(content))
local = b"PK\3\4" + fixed + struct.pack("<IIHH", ones, ones, len(name), 20) + name
local += struct.pack("<HHQQ", 1, 16, len(content), len(content)) + content
entry = b"PK\1\2" + struct.pack("<H", 45) + fixed + struct.pack("<IIHHHHHII", ones, ones, len(name), 28, 0, 0, 0, 0, ones)
entry += name + struct.pack("<HHQQQ", 1, 24, len(content), len(content), 0)
end = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, len(entry), len(local))
end += b"PK\6\7" + struct.pack("<IQI", 0, len(local) + len(entry), 1)
end += b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, ones, ones, 0)
with open("zip64.npz", "wb") as file:
    file.write(local + entry + end)
assert np.array_equal(np.load("zip64.npz")["x"], np.load("version2.npy"))
