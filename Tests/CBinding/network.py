"""Writes the small network that exercise.c takes: features [batch, 5] to scores [batch, 3], and the features again."""

import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

random = numpy.random.default_rng(5)
weights = {"w": (5, 16), "b": (16,), "v": (16, 3), "d": (3,)}
graph = helper.make_graph(
    [
        helper.make_node("Gemm", ["features", "w", "b"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("Gemm", ["active", "v", "d"], ["scores"]),
        helper.make_node("Identity", ["features"], ["features_again"]),
    ],
    "network",
    [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 5])],
    [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 3]),
        helper.make_tensor_value_info("features_again", TensorProto.FLOAT, ["batch", 5]),
    ],
    [numpy_helper.from_array(random.normal(size=shape).astype("f4"), name) for name, shape in weights.items()],
)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), sys.argv[1])
