"""Runs fixtures through the Python package; SEPTUM_LIBRARY names the built library."""

import concurrent.futures
import pathlib
import pickle
import tempfile
import unittest

import numpy

import septum

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Fixtures"
DEEPSETS = FIXTURES / "onnx" / "jet_deepsets"
BOOSTER = FIXTURES / "xgboost" / "jet_classifier"


class ModelTests(unittest.TestCase):
    def test_agrees_with_torch(self):
        model = septum.load(DEEPSETS / "model.onnx")
        self.assertEqual(model.inputs["constituents"], (numpy.dtype("f4"), ("batch", "particles", 10)))
        found = model.run(**numpy.load(DEEPSETS / "inputs.npz"))
        expected = numpy.load(DEEPSETS / "expected.npz")["probabilities"]
        numpy.testing.assert_allclose(found["probabilities"], expected, rtol=2e-5, atol=1e-6)

    def test_gives_the_margins_of_xgboost_bit_for_bit(self):
        model = septum.load(BOOSTER / "model.ubj")
        found = model.run(numpy.load(BOOSTER / "inputs.npz")["X"])
        numpy.testing.assert_array_equal(found["margin"], numpy.load(BOOSTER / "expected.npz")["margin"])

    def test_survives_pickling_twice(self):
        model = septum.load(BOOSTER / "model.ubj")
        rows = numpy.load(BOOSTER / "inputs.npz")["X"]
        copy = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(model))))
        numpy.testing.assert_array_equal(copy.run(rows)["margin"], model.run(rows)["margin"])

    def test_runs_in_two_threads(self):
        model = septum.load(BOOSTER / "model.ubj")
        rows = numpy.load(BOOSTER / "inputs.npz")["X"]
        expected = model.run(rows)["margin"]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for found in pool.map(lambda _: model.run(rows)["margin"], range(20)):
                numpy.testing.assert_array_equal(found, expected)

    def test_converts(self):
        with tempfile.TemporaryDirectory() as folder:
            destination = pathlib.Path(folder) / "model.septum"
            septum.convert(BOOSTER / "model.json", destination)
            rows = numpy.load(BOOSTER / "inputs.npz")["X"]
            found = septum.load(destination).run(rows)["margin"]
            numpy.testing.assert_array_equal(found, numpy.load(BOOSTER / "expected.npz")["margin"])

    def test_refuses_what_does_not_fit(self):
        model = septum.load(DEEPSETS / "model.onnx")
        with self.assertRaisesRegex(septum.Error, "input 'jet' is missing"):
            model.run(constituents=numpy.zeros((1, 3, 10), "f4"))
        with self.assertRaisesRegex(septum.Error, "constituents"):
            model.run(numpy.zeros((1, 3, 9), "f4"), numpy.zeros((1, 5), "f4"))
        with self.assertRaisesRegex(septum.Error, "nowhere.onnx"):
            septum.load("nowhere.onnx")


if __name__ == "__main__":
    unittest.main()
