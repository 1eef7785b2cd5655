"""The benchmark's models give what ONNX Runtime gives, and their arithmetic is counted right.

    SEPTUM=.build/debug/septum python -m unittest discover Benchmarks
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy
import onnx
import onnxruntime

import models
import work

#: Models of 100 MB and more take a debug build seconds to read.
LARGE = {"calogan"}


class ModelTests(unittest.TestCase):
    def test_names(self):
        names = [benchmark.name for benchmark in models.BENCHMARKS]
        self.assertEqual(len(names), 24)
        self.assertEqual(len(set(names)), 24)

    def test_agreement(self):
        for benchmark in models.BENCHMARKS:
            if benchmark.name in LARGE:
                continue
            with self.subTest(benchmark.name), tempfile.TemporaryDirectory() as folder:
                self.check(benchmark, pathlib.Path(folder))

    def check(self, benchmark, folder):
        model = benchmark.model()
        onnx.checker.check_model(model)
        inputs = benchmark.arrays(model, 2)
        path, fixed = folder / "model.onnx", models.fixed(model, benchmark, 2, inputs)
        onnx.save(model, path)
        numpy.savez(folder / "in.npz", **inputs)
        command = [os.environ["SEPTUM"], "run", path, folder / "in.npz", "-o", folder / "out.npz"]
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        found = numpy.load(folder / "out.npz")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(fixed.SerializeToString(), options, providers=["CPUExecutionProvider"])
        for output, expected in zip(session.get_outputs(), session.run(None, inputs)):
            self.assertEqual(found[output.name].shape, expected.shape)
            self.assertTrue(numpy.isfinite(expected).all())
            self.assertGreater(numpy.ptp(expected), 0, "all outputs are the same: nothing is compared")
            error = numpy.abs(found[output.name].astype(float) - expected).max() / numpy.abs(expected).max()
            self.assertLessEqual(error, benchmark.tolerance)

    def test_arithmetic(self):
        expected = {
            "one_node": 0,
            "mlp_32": 2 * (32 * 64 + 2 * 64 * 64 + 64),
            "gemm_256": 2 * 256 * 256,
            "gru": 2 * (20 * 3 * 20 * (6 + 20) + 20 * 64 + 64),
            "calo_cnn": 2 * (24 * 24 * 9 * 16 + 12 * 12 * 9 * 16 * 32 + 6 * 6 * 9 * 32 * 32 + 288 * 64 + 64 * 2),
        }
        for benchmark in models.BENCHMARKS:
            if benchmark.name in expected:
                model = benchmark.model()
                self.assertEqual(work.flops(model, benchmark.arrays(model, 1)), expected.pop(benchmark.name))
        self.assertEqual(expected, {})


if __name__ == "__main__":
    unittest.main()
