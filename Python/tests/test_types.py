"""Element types: those of numpy, those of ml_dtypes, strings."""

import pickle
import subprocess
import sys
import unittest

import ml_dtypes
import numpy
from onnx import TensorProto, helper

import septum
from fixtures import ENVIRONMENT, onnx_model

TYPES = ("f4", "f8", "f2", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")


def identity(code, rank=1):
    shape = [f"d{axis}" for axis in range(rank)]
    node = helper.make_node("Identity", ["x"], ["y"])
    return septum.from_onnx(onnx_model([node], [("x", code, shape)], [("y", code, shape)]))


class TypeTests(unittest.TestCase):
    def test_every_type_of_numpy_passes_unchanged(self):
        for name in TYPES:
            dtype = numpy.dtype(name)
            model = identity(helper.np_dtype_to_tensor_dtype(dtype), 2)
            given = numpy.array([[0, 1, 1], [1, 0, 1]]).astype(dtype)
            with self.subTest(name):
                self.assertEqual(model.inputs["x"].dtype, dtype)
                found = model.run(given)["y"]
                self.assertEqual(found.dtype, dtype)
                numpy.testing.assert_array_equal(found, given)
                out = numpy.empty((3, 2), dtype)
                numpy.testing.assert_array_equal(model.run(given.T, out=out)["y"], given.T)

    def test_scalars_and_many_dimensions(self):
        self.assertEqual(identity(TensorProto.FLOAT, 0).run(numpy.float32(1.5))["y"], 1.5)
        given = numpy.arange(64, dtype="f4").reshape([2] * 6)
        numpy.testing.assert_array_equal(identity(TensorProto.FLOAT, 6).run(given.T)["y"], given.T)

    def test_numbers_that_do_not_fit_are_refused(self):
        model = identity(TensorProto.INT8)
        numpy.testing.assert_array_equal(model.run(numpy.array([-128, 127]))["y"], [-128, 127])
        with self.assertRaisesRegex(septum.ModelError, "int64 with numbers that int8 cannot hold"):
            model.run(numpy.array([128]))
        with self.assertRaisesRegex(septum.ModelError, "input 'x' is float64, expected int8"):
            model.run(numpy.array([1.0]))

    def test_strings(self):
        model = identity(TensorProto.STRING, 2)
        texts = numpy.array([["", "électron"], ["µ", "jet"]], dtype=object)
        for given in (texts, texts.astype("U8"), texts.tolist()):
            numpy.testing.assert_array_equal(model.run(given)["y"], texts)
        numpy.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).run(texts)["y"], texts)
        with self.assertRaisesRegex(septum.ModelError, "expected strings"):
            model.run(numpy.zeros((1, 1)))
        with self.assertRaisesRegex(septum.ModelError, "holds a int"):
            model.run(numpy.array([[1, "x"]], dtype=object))

    def test_types_of_ml_dtypes(self):
        for code, dtype in ((TensorProto.BFLOAT16, ml_dtypes.bfloat16), (TensorProto.FLOAT8E4M3FN, ml_dtypes.float8_e4m3fn)):
            model = identity(code)
            self.assertEqual(model.inputs["x"].dtype, dtype)
            given = numpy.array([0.5, -2, numpy.inf]).astype(dtype)
            found = model.run(given)["y"]
            self.assertEqual(found.dtype, dtype)
            numpy.testing.assert_array_equal(found.view("u1"), given.view("u1"))
        numpy.testing.assert_array_equal(
            identity(TensorProto.BFLOAT16).run(numpy.array([1.0, 3.0]))["y"].astype("f4"), [1, 3])

    def test_says_which_package_is_missing(self):
        script = (
            "import sys; sys.modules['ml_dtypes'] = None\n"
            "import septum, numpy\n"
            "model = septum.load(sys.stdin.buffer.read())\n"
            "try: model.run(numpy.zeros(3, 'f4'))\n"
            "except septum.ModelError as error: print(error)\n")
        content = identity(TensorProto.BFLOAT16).to_bytes()
        said = subprocess.run(
            [sys.executable, "-c", script], input=content, capture_output=True, check=True, env=ENVIRONMENT).stdout
        self.assertIn(b"input 'x' is bfloat16, which numpy knows by the package ml_dtypes only", said)


if __name__ == "__main__":
    unittest.main()
