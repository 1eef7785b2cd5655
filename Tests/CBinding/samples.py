"""Writes what the programs of this folder and of Examples/cpp read, into a folder.

network.onnx      features [batch, 5] to scores [batch, 3], and the features again
features.f32      rows of 5 features
jets/             the jets of Fixtures/onnx/jet_deepsets, some in each event:
  particles.f32     10 features of each particle, jet after jet
  jets.f32          5 features of each jet
  offsets.i64       where each jet's particles start, and the end
  events.i64        where each event's jets start, and the end
  expected.f32      what the library that trained the model gives: 3 probabilities a jet

    samples.py FOLDER
    samples.py FOLDER --compare SCORES    whether the lines of a program's output are the expected probabilities
"""

import json
import pathlib
import sys

import numpy

FIXTURE = pathlib.Path(__file__).parents[2] / "Fixtures" / "onnx" / "jet_deepsets"


def network(path):
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
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), str(path))


def jets(folder):
    particles, features, expected = [], [], []
    for case in [FIXTURE, *sorted((FIXTURE / "cases").iterdir())]:
        inputs, outputs = numpy.load(case / "inputs.npz"), numpy.load(case / "expected.npz")
        particles += list(inputs["constituents"])
        features += list(inputs["jet"])
        expected += list(outputs["probabilities"])
    # Lengths come in turns, as they do in events.
    order = numpy.random.default_rng(3).permutation(len(particles))
    particles = [particles[index] for index in order]
    starts = [0]
    while starts[-1] < len(order):
        starts.append(min(starts[-1] + (0, 3, 1, 5, 2)[len(starts) % 5], len(order)))
    folder.mkdir(exist_ok=True)
    numpy.concatenate(particles).astype("f4").tofile(folder / "particles.f32")
    numpy.stack(features)[order].astype("f4").tofile(folder / "jets.f32")
    numpy.cumsum([0] + [len(each) for each in particles]).astype("i8").tofile(folder / "offsets.i64")
    numpy.array(starts, "i8").tofile(folder / "events.i64")
    numpy.stack(expected)[order].astype("f4").tofile(folder / "expected.f32")


def compare(folder, scores):
    tolerance = json.loads((FIXTURE / "case.json").read_text())["tolerance"]
    expected = numpy.fromfile(folder / "jets" / "expected.f32", "f4").reshape(-1, 3)
    numpy.testing.assert_allclose(numpy.loadtxt(scores, "f4"), expected, tolerance["rtol"], tolerance["atol"])


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    if "--compare" in sys.argv:
        compare(folder, sys.argv[3])
    else:
        network(folder / "network.onnx")
        (numpy.arange(35) * 37 % 29 / 8 - 1.5).astype("f4").tofile(folder / "features.f32")
        jets(folder / "jets")
