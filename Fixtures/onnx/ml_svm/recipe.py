"""A support-vector regression."""

import pathlib
import sys

import numpy as np
from skl2onnx import to_onnx
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from sklearn_case import jets, store

X, flavour = jets()
machine = make_pipeline(StandardScaler(), SVR(C=2.0, gamma=0.2)).fit(X[:300, 1:], np.log(X[:300, 0]))
model = to_onnx(machine, X[:1, 1:], target_opset={"": 17, "ai.onnx.ml": 3})
rows = X[300:360, 1:]
store(
    HERE,
    model,
    {"X": rows},
    {"variable": machine.predict(rows).astype(np.float32)[:, None]},
    ["scikit-learn", "skl2onnx"],
    "skl2onnx",
    "SVR with a radial kernel, SVMRegressor",
    rtol=5e-5,
    atol=1e-5,
)
