"""Boosted classification trees as TreeEnsembleClassifier with a logistic link."""

import pathlib
import sys

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from sklearn_case import jets, store

X, flavour = jets()
booster = GradientBoostingClassifier(n_estimators=30, max_depth=3, random_state=4).fit(X, (flavour == 5).astype(np.int64))
model = to_onnx(booster, X[:1], options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3})
rows = X[:150]
store(
    HERE,
    model,
    {"X": rows},
    {"label": booster.predict(rows), "probabilities": booster.predict_proba(rows).astype(np.float32)},
    ["scikit-learn", "skl2onnx"],
    "skl2onnx",
    "GradientBoostingClassifier, classes 0 and 1, logistic link",
    rtol=2e-5,
)
