"""A CatBoost classifier by its own export."""

import pathlib
import sys
import tempfile

import catboost
import numpy as np
import onnx

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import ort_case
from sklearn_case import jets

X, flavour = jets()
X[X == 0] = np.nan


def expected(model, rows):
    session = ort_case.session(model, ort_case.onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
    return ort_case.table(session.run(None, {session.get_inputs()[0].name: rows})[-1])


booster = catboost.CatBoostClassifier(
    iterations=20, depth=4, random_seed=6, thread_count=1, verbose=False, allow_writing_files=False
).fit(X, (flavour == 5).astype(int))
with tempfile.TemporaryDirectory() as place:
    booster.save_model(place + "/model.onnx", format="onnx")
    model = onnx.load(place + "/model.onnx")
rows = X[:150]
assert np.allclose(booster.predict_proba(rows), expected(model, rows), rtol=2e-5, atol=1e-6), "the file is not the model"
ort_case.store(
    HERE,
    model,
    {"features": rows},
    "catboost's export",
    "CatBoostClassifier, binary, oblivious trees, probabilities by ZipMap; expected values by ONNX Runtime, which catboost agrees with",
    ["catboost"],
    rtol=2e-5,
    reason="float32 sums",
)
