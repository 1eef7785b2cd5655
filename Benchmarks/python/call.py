"""What a call from Python costs beside septum_run in C, on a graph of one node: the smallest of many repeats.

    SEPTUM_LIBRARY=.../libseptum.so PYTHONPATH=Python python Benchmarks/python/call.py
"""

import os
import pathlib
import subprocess
import tempfile
import timeit

import numpy
import onnx
from onnx import TensorProto, helper

import septum

HERE = pathlib.Path(__file__).resolve().parent
HEADERS = HERE.parents[1] / "Sources" / "CBinding" / "C" / "include"
WIDTH, REPEATS, ATTEMPTS = 8, 200, 1000


def network():
    node = helper.make_node("Relu", ["x"], ["y"])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", WIDTH]) for name in "xy"]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path, program = os.path.join(folder, "one.onnx"), os.path.join(folder, "call")
        onnx.save(network(), path)
        subprocess.run(["cc", "-std=gnu11", "-O2", f"-I{HEADERS}", "-o", program, HERE / "call.c", "-ldl"], check=True)
        command = [program, os.environ["SEPTUM_LIBRARY"], path, str(WIDTH), str(REPEATS)]
        model, x, y = septum.load(path), numpy.ones((1, WIDTH), "f4"), numpy.empty((1, WIDTH), "f4")
        ways = {
            "model.run(x)": lambda: model.run(x), "model.run(x=x)": lambda: model.run(x=x),
            "model.run(x, out=y)": lambda: model.run(x, out=y), "numpy.maximum(x, 0)": lambda: numpy.maximum(x, 0),
        }
        in_c = min(float(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(3))
        print(f"{'septum_run in C':24}{in_c:10.0f} ns")
        for name, way in ways.items():
            time = min(timeit.repeat(way, number=REPEATS, repeat=ATTEMPTS)) / REPEATS * 1e9
            print(f"{name:24}{time:10.0f} ns{time - in_c:+10.0f}")


if __name__ == "__main__":
    main()
