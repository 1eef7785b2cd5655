"""A LightGBM regressor by onnxmltools."""

import pathlib
import sys

import lightgbm
import numpy as np
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import ort_case
from sklearn_case import jets

X, flavour = jets()
X[X == 0] = np.nan


def expected(model, rows):
    session = ort_case.session(model, ort_case.onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
    return ort_case.table(session.run(None, {session.get_inputs()[0].name: rows})[-1])


booster = lightgbm.LGBMRegressor(n_estimators=25, num_leaves=10, random_state=6, n_jobs=1, verbose=-1).fit(
    X, np.nan_to_num(X[:, 1])
)
model = convert_lightgbm(booster, initial_types=[("X", FloatTensorType([None, X.shape[1]]))], target_opset=15)
rows = X[:150]
assert np.allclose(booster.predict(rows)[:, None], expected(model, rows), rtol=2e-5, atol=1e-6), "the file is not the model"
ort_case.store(
    HERE,
    model,
    {"X": rows},
    "onnxmltools",
    "LGBMRegressor, NaN follows the learned direction; expected values by ONNX Runtime, which lightgbm agrees with",
    ["lightgbm", "onnxmltools"],
    rtol=2e-5,
    reason="float32 sums",
)
