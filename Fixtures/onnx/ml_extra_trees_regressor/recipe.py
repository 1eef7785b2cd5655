"""Averaged regression trees with two targets as TreeEnsembleRegressor."""

import pathlib
import sys

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import ExtraTreesRegressor

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from sklearn_case import jets, store

X, flavour = jets()
targets = np.stack([np.log(X[:, 0]), X[:, 2] * 10], axis=1)
forest = ExtraTreesRegressor(10, max_depth=6, random_state=2).fit(X[:, 1:], targets)
model = to_onnx(forest, X[:1, 1:], target_opset={"": 15, "ai.onnx.ml": 1})
rows = X[:150, 1:]
store(
    HERE,
    model,
    {"X": rows},
    {"variable": forest.predict(rows).astype(np.float32)},
    ["scikit-learn", "skl2onnx"],
    "skl2onnx",
    "ExtraTreesRegressor with two targets, TreeEnsembleRegressor; the converter annotates one column, two come out",
)
