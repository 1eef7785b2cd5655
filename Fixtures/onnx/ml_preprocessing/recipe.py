"""Preparation of columns: imputation, binarisation, quantile bins, one-hot categories."""

import pathlib
import sys

import numpy as np
from skl2onnx import to_onnx
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, KBinsDiscretizer, OneHotEncoder

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from sklearn_case import jets, store

X, flavour = jets()
X = np.concatenate([X, flavour[:, None].astype(np.float32)], axis=1)
X[::7, 4] = np.nan
columns = ColumnTransformer(
    [
        ("impute", SimpleImputer(strategy="median"), [4, 5]),
        ("binary", Binarizer(threshold=5.0), [1]),
        ("bins", KBinsDiscretizer(5, encode="onehot-dense", strategy="uniform"), [2, 3]),
        ("flavour", OneHotEncoder(handle_unknown="ignore", sparse_output=False), [7]),
    ]
)
pipeline = make_pipeline(columns, LinearRegression()).fit(X, np.log(X[:, 0]))
model = to_onnx(pipeline, X[:1], target_opset={"": 17, "ai.onnx.ml": 3})
rows = X[:80].copy()
rows[5, 7] = 9  # a category never seen
store(
    HERE,
    model,
    {"X": rows},
    {"variable": pipeline.predict(rows).astype(np.float32)[:, None]},
    ["scikit-learn", "skl2onnx"],
    "skl2onnx",
    "Imputer, Binarizer, KBinsDiscretizer, OneHotEncoder, LinearRegressor",
    rtol=2e-5,
    atol=1e-5,
)
