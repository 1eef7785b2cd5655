"""An XGBoost classifier with missing values as TreeEnsembleClassifier."""

import pathlib
import sys

import numpy as np
import xgboost
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from sklearn_case import jets, store

X, flavour = jets()
X[X == 0] = np.nan
booster = xgboost.XGBClassifier(n_estimators=25, max_depth=4, random_state=6, n_jobs=1).fit(X, flavour == 5)
model = convert_xgboost(booster, initial_types=[("X", FloatTensorType([None, X.shape[1]]))], target_opset=15)
rows = X[:150]
store(
    HERE,
    model,
    {"X": rows},
    {"label": booster.predict(rows).astype(np.int64), "probabilities": booster.predict_proba(rows)},
    ["xgboost", "onnxmltools"],
    "onnxmltools",
    "XGBClassifier, binary, NaN follows the learned direction; expected values by xgboost",
    rtol=2e-5,
)
