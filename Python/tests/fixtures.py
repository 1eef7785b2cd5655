"""The fixtures that tests of the package share."""

import os
import pathlib

import numpy

import septum

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Fixtures"
DEEPSETS = FIXTURES / "onnx" / "jet_deepsets"
BOOSTER = FIXTURES / "xgboost" / "jet_classifier"
# With which another Python finds the package that is tested.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(pathlib.Path(septum.__file__).resolve().parents[1])}


def booster():
    """A boosted forest, its rows and the margins that XGBoost gives for them."""
    rows, expected = numpy.load(BOOSTER / "inputs.npz")["X"], numpy.load(BOOSTER / "expected.npz")["margin"]
    return septum.load(BOOSTER / "model.ubj"), rows, expected


def deepsets():
    """A network over the particles of jets, its inputs and the probabilities that PyTorch gives for them."""
    inputs, expected = numpy.load(DEEPSETS / "inputs.npz"), numpy.load(DEEPSETS / "expected.npz")["probabilities"]
    return septum.load(DEEPSETS / "model.onnx"), dict(inputs), expected


def onnx_model(nodes, inputs, outputs, initializers=()):
    """A small model by the onnx package; inputs and outputs are (name, element type, shape)."""
    from onnx import helper

    ends = [[helper.make_tensor_value_info(*end) for end in side] for side in (inputs, outputs)]
    graph = helper.make_graph(nodes, "small", *ends, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
