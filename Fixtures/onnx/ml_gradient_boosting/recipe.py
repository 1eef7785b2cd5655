"""Boosted regression trees as TreeEnsembleRegressor."""

import pathlib
import sys

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingRegressor

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from sklearn_case import jets, store

X, flavour = jets()
booster = GradientBoostingRegressor(n_estimators=40, max_depth=3, random_state=3).fit(X[:, 1:], np.log(X[:, 0]))
model = to_onnx(booster, X[:1, 1:], target_opset={"": 18, "ai.onnx.ml": 3})
rows = X[:150, 1:]
store(
    HERE,
    model,
    {"X": rows},
    {"variable": booster.predict(rows).astype(np.float32)[:, None]},
    ["scikit-learn", "skl2onnx"],
    "skl2onnx",
    "GradientBoostingRegressor with a base value, TreeEnsembleRegressor",
    rtol=2e-5,
)
