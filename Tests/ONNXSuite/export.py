#!/usr/bin/env python3
"""Writes the backend test suite of ONNX to a folder, unless it is there already, whole and of the same versions.

    export.py FOLDER

cases.bin holds models and tensors as protobuf messages, cases.json says where: a model or tensor is [offset, size], a
sequence {"sequence": [...]}, an optional {"optional": [...]} with at most one entry. "inferred" is what onnx infers of the outputs
from the types of the inputs: as they are declared, and with a symbol of its own, `#INPUT.AXIS`, for each dimension; a tensor is
{"type": CODE, "shape": [NUMBER, SYMBOL or null, ...] or null}, null stands for other kinds and for what onnx does not know.
`made` holds the versions and checksums.
"""

import glob
import hashlib
import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
import warnings

FILES = ("cases.json", "cases.bin")
COUNTS = {"node": 1884, "simple": 23, "pytorch-converted": 82, "pytorch-operator": 35, "real": 9}


def main(folder):
    if read(os.path.join(folder, "made")) == stamp(folder).encode():
        return
    print(f"writing the backend suite of ONNX to {folder}", flush=True)
    parent = os.path.dirname(os.path.abspath(folder))
    with tempfile.TemporaryDirectory(prefix=os.path.basename(folder) + "-", dir=parent) as place:
        fresh = os.path.join(place, "suite")
        os.mkdir(fresh)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write(fresh)
        with open(os.path.join(fresh, "made"), "w") as file:
            file.write(stamp(fresh))
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(fresh, folder)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def stamp(folder):
    versions = [f"{name} {importlib.metadata.version(name)}\n" for name in ("onnx", "numpy", "ml_dtypes")]
    paths = [__file__] + [os.path.join(folder, name) for name in FILES]
    checksums = [f"{hashlib.sha256(read(path)).hexdigest()}  {os.path.basename(path)}\n" for path in paths]
    return "".join(versions + checksums)


def write(folder):
    sys.modules["PIL"] = None  # images are those that ONNX ships, not what the pillow of the day makes of them
    from onnx.backend.test.loader import load_model_tests

    cases = []
    with open(os.path.join(folder, "cases.bin"), "wb") as file:
        pack = Pack(file)
        for kind, count in COUNTS.items():
            tests = sorted(load_model_tests(kind=kind), key=lambda test: test.name)
            if len(tests) != count:
                sys.exit(f"export.py: found {len(tests)} cases of kind {kind}, expected {count}")
            cases += [entry(test, pack) for test in tests]
    with open(os.path.join(folder, "cases.json"), "w") as file:
        json.dump(cases, file, separators=(",", ":"))


def entry(test, pack):
    model, sets = load(test)
    initialized = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.type for value in model.graph.input if value.name not in initialized]
    outputs = [value.type for value in model.graph.output]
    for given, expected in sets:
        if len(given) != len(inputs) or len(expected) != len(outputs):
            sys.exit(f"export.py: the values of {test.name} do not fit its model")
    return {
        "name": test.name,
        "kind": test.kind,
        "rtol": test.rtol,
        "atol": test.atol,
        "model": pack.message(model),
        "inferred": {
            "declared": inferred(model, lambda dimension, symbol: None),
            "symbols": inferred(model, lambda dimension, symbol: setattr(dimension, "dim_param", symbol)),
        },
        "sets": [
            {"inputs": list(map(pack.value, given, inputs)), "outputs": list(map(pack.value, expected, outputs))}
            for given, expected in sets
        ],
    }


def inferred(model, change):
    """What onnx infers of the outputs when their types are not given, and dimensions of the inputs are changed."""
    from onnx import shape_inference

    copy = type(model)()
    copy.CopyFrom(model)
    initialized = {tensor.name for tensor in copy.graph.initializer}
    given = [value.type for value in copy.graph.input if value.name not in initialized]
    for index, info in enumerate(given):
        if info.HasField("tensor_type"):
            for axis, dimension in enumerate(info.tensor_type.shape.dim):
                change(dimension, f"#{index}.{axis}")
    del copy.graph.value_info[:]
    for output in copy.graph.output:
        output.ClearField("type")
    try:
        copy = shape_inference.infer_shapes(copy, data_prop=True)
    except shape_inference.InferenceError:
        pass
    return [described(output.type) for output in copy.graph.output]


def described(info):
    if not info.HasField("tensor_type") or info.tensor_type.elem_type == 0:
        return None
    if not info.tensor_type.HasField("shape"):
        return {"type": info.tensor_type.elem_type, "shape": None}
    shape = []
    for dimension in info.tensor_type.shape.dim:
        kind = dimension.WhichOneof("value")
        shape.append(getattr(dimension, kind) if kind else None)
    return {"type": info.tensor_type.elem_type, "shape": shape}


def load(test):
    """The model of a case, and its pairs of inputs and outputs, as the suite's own runner takes them."""
    import onnx
    from onnx.backend.test import runner

    if test.model is not None:
        return test.model, test.data_sets
    if test.url is None:
        model = onnx.load(os.path.join(test.model_dir, "model.onnx"))
        folders = sorted(glob.glob(os.path.join(test.model_dir, "test_data_set*")))
        graph = model.graph
        return model, [(stored(folder, "input", graph.input), stored(folder, "output", graph.output)) for folder in folders]
    path = os.path.join(os.path.dirname(onnx.__file__), os.pardir, test.url)
    model = onnx.load(path)
    initialized = {tensor.name for tensor in model.graph.initializer}
    inputs = [
        runner.Runner.generate_dummy_data(value, name=test.model_name)
        for value in model.graph.input
        if value.name not in initialized
    ]
    stem = os.path.splitext(path)[0]
    return model, [(inputs, [tensor(f"{stem}_output_{index}.pb") for index in range(len(model.graph.output))])]


def stored(folder, side, infos):
    """The values of the files `side_0.pb`, `side_1.pb`, ... of a folder."""
    count = len(glob.glob(os.path.join(folder, f"{side}_*.pb")))
    return [parsed(os.path.join(folder, f"{side}_{index}.pb"), infos[index].type) for index in range(count)]


def parsed(path, type):
    import onnx
    from onnx import numpy_helper

    if type.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(read(path)))
    if type.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(read(path)))
    return tensor(path)


def tensor(path):
    import onnx

    return onnx.TensorProto.FromString(read(path))


class Pack:
    def __init__(self, file):
        self.file = file

    def message(self, message):
        data = message.SerializeToString(deterministic=True)
        offset = self.file.tell()
        self.file.write(data)
        return [offset, len(data)]

    def value(self, value, type):
        import numpy
        from onnx import TensorProto, numpy_helper

        if type.HasField("sequence_type"):
            return {"sequence": [self.value(item, type.sequence_type.elem_type) for item in value]}
        if type.HasField("optional_type"):
            return {"optional": [] if value is None else [self.value(value, type.optional_type.elem_type)]}
        if not type.HasField("tensor_type"):
            sys.exit(f"export.py: no way to write a value of type {type}")
        message = value if isinstance(value, TensorProto) else numpy_helper.from_array(numpy.asarray(value))
        return self.message(message)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
