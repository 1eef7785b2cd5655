"""A random forest of three flavours as TreeEnsembleClassifier."""

import pathlib
import sys

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from sklearn_case import jets, store

X, flavour = jets()
forest = RandomForestClassifier(12, max_depth=6, min_samples_leaf=5, random_state=1).fit(X, flavour)
model = to_onnx(forest, X[:1], options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3})
rows = X[:150]
store(
    HERE,
    model,
    {"X": rows},
    {"label": forest.predict(rows), "probabilities": forest.predict_proba(rows).astype(np.float32)},
    ["scikit-learn", "skl2onnx"],
    "skl2onnx",
    "RandomForestClassifier, classes 0, 4, 5, TreeEnsembleClassifier",
)
