"""Writes support_vectors.npz: support vector machines of scikit-learn, converted, with what ONNX Runtime computes from them.

    pip install onnx==1.23.2 onnxruntime==1.32.0 scikit-learn==1.9.1 skl2onnx==1.20.0 numpy==2.4.6
    python support_vectors.py

Keys as in recipe.py. Every case is held against scikit-learn, within the tolerance that float32 leaves.
"""

import warnings

import numpy as np
from recipe import Cases, run
from skl2onnx import to_onnx
from sklearn.datasets import make_classification
from sklearn.svm import SVC, NuSVC, OneClassSVM


def data(classes):
    x, y = make_classification(120, 5, n_informative=4, n_redundant=0, n_classes=classes, random_state=classes)
    return x.astype(np.float32), y


def machines():
    for classes in (2, 3, 4):
        for kernel in ("linear", "poly", "rbf", "sigmoid"):
            for probability in (False, True):
                settings = {"kernel": kernel, "probability": probability, "coef0": 0.5, "random_state": 0}
                yield f"SVC {kernel} {classes} classes{', probabilities' * probability}", SVC(**settings), classes
        yield f"NuSVC {classes} classes", NuSVC(nu=0.3, probability=True, random_state=0), classes
        yield f"SVC {classes} names", SVC(probability=True, random_state=0), -classes
    yield "OneClassSVM", OneClassSVM(nu=0.2), 0


def main():
    warnings.simplefilter("ignore")
    cases = Cases("support_vectors")
    for name, machine, classes in machines():
        x, y = data(abs(classes) or 2)
        if classes < 0:
            y = np.array(["electron", "muon", "tau", "jet"])[y]
        machine.fit(x, y)
        options = {id(machine): {"zipmap": False, "raw_scores": not machine.probability}} if classes else None
        proto = to_onnx(machine, x[:1], options=options, target_opset={"": 17, "ai.onnx.ml": 3})
        rows = x[:16]
        names = [output.name for output in proto.graph.output]
        results = run(proto, {"X": rows}, names)
        compare(name, machine, rows, results)
        cases.put(name, proto, {"X": rows}, dict(zip(names, results, strict=True)))
    cases.write()


def compare(name, machine, rows, results):
    labels, scores = results
    assert np.array_equal(np.ravel(labels), machine.predict(rows)), name
    if getattr(machine, "probability", False):
        wanted = machine.predict_proba(rows)
    else:
        wanted = machine.decision_function(rows)
    if wanted.ndim == 1:
        wanted = wanted[:, None] if scores.shape[1] == 1 else np.stack([-wanted, wanted], 1)
    np.testing.assert_allclose(scores, wanted, 1e-5, 1e-5, err_msg=name)


if __name__ == "__main__":
    main()
