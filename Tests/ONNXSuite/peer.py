#!/usr/bin/env python3
"""Runs the backend suite through ONNX Runtime and writes what passed to FOLDER/onnxruntime.json, unless it is there already.

    peer.py FOLDER

A case passes when every output has the type, shape and values that ONNX's own runner asks for. Cases run in processes of
their own, some dozens each: one that ends its process fails, and the others go on. Element types that numpy lacks are
handed over by their bits.
"""

import json
import multiprocessing
import os
import sys

import ml_dtypes
import numpy
import onnx
import onnxruntime
from onnx import helper, numpy_helper

BATCH = 40


def main(folder):
    path = os.path.join(folder, "onnxruntime.json")
    with open(os.path.join(folder, "made")) as file:
        made = file.read()
    try:
        with open(path) as file:
            known = json.load(file)
        if known["version"] == onnxruntime.__version__ and known["made"] == made:
            return
    except (OSError, ValueError, KeyError):
        pass
    print("running the backend suite of ONNX through ONNX Runtime", flush=True)
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    context = multiprocessing.get_context("spawn")
    passed, start = [], 0
    while start < len(cases):
        queue = context.Queue()
        worker = context.Process(target=work, args=(folder, start, queue))
        worker.start()
        while True:
            try:
                index, name = queue.get(timeout=1)
            except Exception:
                if worker.is_alive():
                    continue
                start += 1  # the case that ended the process
                break
            if index is None:
                start = name
                break
            start = index + 1
            if name:
                passed.append(name)
        worker.join()
    with open(path + ".part", "w") as file:
        json.dump({"version": onnxruntime.__version__, "made": made, "passed": sorted(passed)}, file, indent=0)
    os.rename(path + ".part", path)


def work(folder, start, queue):
    onnxruntime.set_default_logger_severity(4)
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    end = min(len(cases), start + BATCH)
    with open(os.path.join(folder, "cases.bin"), "rb") as data:
        for index in range(start, end):
            case = cases[index]
            try:
                name = case["name"] if passes(case, data) else None
            except Exception:
                name = None
            queue.put((index, name))
    queue.put((None, end))
    queue.close()
    queue.join_thread()


def passes(case, data):
    def part(place):
        data.seek(place[0])
        return data.read(place[1])

    def value(item):
        if isinstance(item, list):
            return numpy_helper.to_array(onnx.TensorProto.FromString(part(item)))
        if "sequence" in item:
            return [value(entry) for entry in item["sequence"]]
        return value(item["optional"][0]) if item["optional"] else None

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(part(case["model"]), options, providers=["CPUExecutionProvider"])
    for item in case["sets"]:
        names = [entry.name for entry in session.get_inputs()]
        inputs = [value(entry) for entry in item["inputs"]]
        expected = [value(entry) for entry in item["outputs"]]
        found = run(session, dict(zip(names, inputs, strict=True)))
        if len(found) != len(expected) or not all(
            same(have, want, case["rtol"], case["atol"]) for have, want in zip(found, expected)
        ):
            return False
    return True


def is_foreign(value):
    return isinstance(value, numpy.ndarray) and value.dtype.kind == "V"


def bits(array):
    return array.view({1: numpy.uint8, 2: numpy.uint16}[array.dtype.itemsize])


def run(session, inputs):
    """The outputs; with bits in the place of numbers when an input has an element type that numpy lacks."""
    if not any(is_foreign(value) for value in inputs.values()):
        return session.run(None, inputs)
    values = {}
    for name, value in inputs.items():
        if is_foreign(value):
            code = helper.np_dtype_to_tensor_dtype(value.dtype)
            values[name] = onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(bits(value), code)
        else:
            values[name] = onnxruntime.OrtValue.ortvalue_from_numpy(value)
    return [output.numpy() for output in session.run_with_ort_values(None, values)]


def same(found, expected, rtol, atol):
    if expected is None or found is None:
        return expected is None and found is None
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(
            same(have, want, rtol, atol) for have, want in zip(found, expected)
        )
    found, expected = numpy.asarray(found), numpy.asarray(expected)
    if is_foreign(expected):
        if found.dtype.itemsize == expected.dtype.itemsize and found.dtype != expected.dtype:
            found = found.view(expected.dtype)
        found, expected = found.astype(numpy.float32), expected.astype(numpy.float32)
    if expected.dtype.kind in "OUS":
        return found.shape == expected.shape and (found.astype(str) == expected.astype(str)).all()
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return False
    return bool(numpy.allclose(found, expected, rtol=rtol, atol=atol, equal_nan=True))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
