"""Scores jets with the package as it is installed, and compares with what the models' own libraries gave."""

import importlib.metadata
import pathlib
import pickle
import sys

import numpy

import septum

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Fixtures"


def check(folder, file, output, **tolerance):
    model = pickle.loads(pickle.dumps(septum.load(FIXTURES / folder / file)))
    inputs, expected = (dict(numpy.load(FIXTURES / folder / name)) for name in ("inputs.npz", "expected.npz"))
    numpy.testing.assert_allclose(model.run(inputs)[output], expected[output], **tolerance)
    return len(expected[output])


def main():
    packages = sorted(distribution.metadata["Name"].lower() for distribution in importlib.metadata.distributions())
    if set(packages) - {"numpy", "pip", "septum", "setuptools"}:
        sys.exit(f"the environment holds more than numpy: {', '.join(packages)}")
    if "site-packages" not in septum.__file__:
        sys.exit(f"the package is not the installed one: {septum.__file__}")
    count = check("xgboost/jet_classifier", "model.ubj", "margin", rtol=0, atol=0)
    count += check("lightgbm/binary", "model.txt", "margin", rtol=0, atol=0)
    count += check("onnx/jet_deepsets", "model.onnx", "probabilities", rtol=2e-5, atol=1e-6)
    count += check("onnx/jet_particlenet", "model.onnx", "probabilities", rtol=5e-5, atol=1e-6)
    print(f"Python {sys.version.split()[0]}, numpy {numpy.__version__}, Septum {septum.version()}: {count} rows as expected")


if __name__ == "__main__":
    main()
