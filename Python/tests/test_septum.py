"""Runs fixtures through the Python package; SEPTUM_LIBRARY names the built library."""

import copy
import pathlib
import pickle
import tempfile
import unittest

import numpy

import septum
from fixtures import BOOSTER, DEEPSETS, booster, deepsets


class ModelTests(unittest.TestCase):
    def test_describes(self):
        model = septum.load(DEEPSETS / "model.onnx")
        self.assertEqual(model.inputs["constituents"], (numpy.dtype("f4"), ("batch", "particles", 10)))
        self.assertEqual(model.outputs["probabilities"], septum.Port(numpy.dtype("f4"), ("batch", 3)))
        self.assertEqual(model.symbols, ["batch", "particles"])
        self.assertIn("constituents: float32[batch, particles, 10]", repr(model))
        self.assertEqual(model.description["format"], "onnx")
        self.assertEqual(model.description["operators"]["Gemm"], 3)
        self.assertIsNone(model.contract)
        features = septum.load(BOOSTER / "model.ubj").contract["inputs"][0]["features"]
        self.assertEqual(features[0], {"name": "Jet_pt", "missing": "keep"})
        self.assertEqual(septum.version(), septum.__version__)

    def test_agrees_with_torch(self):
        model, inputs, expected = deepsets()
        for found in (model.run(**inputs), model.run(inputs), model.run(inputs["constituents"], jet=inputs["jet"])):
            numpy.testing.assert_allclose(found["probabilities"], expected, rtol=2e-5, atol=1e-6)

    def test_gives_the_margins_of_xgboost_bit_for_bit(self):
        model, rows, expected = booster()
        numpy.testing.assert_array_equal(model.run(rows)["margin"], expected)

    def test_reads_bytes(self):
        _, rows, expected = booster()
        content = (BOOSTER / "model.ubj").read_bytes()
        for source in (content, bytearray(content), memoryview(content)):
            numpy.testing.assert_array_equal(septum.load(source).run(rows)["margin"], expected)
        with self.assertRaisesRegex(septum.ModelError, "network.onnx"):
            septum.load(b"rubbish", name="network.onnx")
        with self.assertRaisesRegex(septum.ModelError, "nonsense"):
            septum.load(content, format="nonsense")

    def test_survives_pickling_twice(self):
        model, rows, expected = booster()
        content = pickle.dumps(model)
        second = pickle.loads(content)
        third = pickle.loads(pickle.dumps(second))
        self.assertIs(pickle.loads(content), second, "copies of one model are one")
        self.assertEqual(third.description["format"], "xgboost")
        self.assertEqual(third.contract, model.contract)
        for other in (second, third, copy.deepcopy(model)):
            numpy.testing.assert_array_equal(other.run(rows)["margin"], expected)

    def test_pickles_by_content(self):
        _, rows, expected = booster()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.ubj"
            path.write_bytes((BOOSTER / "model.ubj").read_bytes())
            model = septum.load(path, threads=2)
            path.write_bytes(b"another file")
            restored = pickle.loads(pickle.dumps(model))
        self.assertEqual(restored.threads, 2)
        numpy.testing.assert_array_equal(restored.run(rows)["margin"], expected)

    def test_converts(self):
        model, rows, expected = booster()
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / "model.septum"
            sources = [BOOSTER / "model.json", (BOOSTER / "model.json").read_bytes(), model]
            for source in sources:
                septum.convert(source, target)
                numpy.testing.assert_array_equal(septum.load(target).run(rows)["margin"], expected)
                target.unlink()
            septum.convert(BOOSTER / "model.json", target, format="xgboost")
            numpy.testing.assert_array_equal(septum.load(target).run(rows)["margin"], expected)
            with self.assertRaisesRegex(septum.ModelError, "model.nonsense") as raised:
                model.save(pathlib.Path(folder) / "model.nonsense")
            self.assertEqual(raised.exception.code, septum.Code.UNSUPPORTED)

    def test_refuses_with_the_words_of_the_library(self):
        with self.assertRaises(septum.ModelError) as raised:
            septum.load("nowhere.onnx")
        error = raised.exception
        self.assertEqual(error.code, septum.Code.FILE)
        self.assertEqual(str(error), error.message)
        self.assertIn("nowhere.onnx", error.message)
        copied = pickle.loads(pickle.dumps(error))
        self.assertEqual((copied.code, copied.message), (error.code, error.message))
        with self.assertRaises(ValueError):
            septum.load("with\0zero")
        with self.assertRaises(septum.ModelError) as raised:
            septum.load(b"\x80\x04rubbish", name="estimator.pkl", format="sklearn")
        self.assertEqual(raised.exception.code, septum.Code.UNTRUSTED)


if __name__ == "__main__":
    unittest.main()
