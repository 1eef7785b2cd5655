"""A scaler, a normaliser and a logistic regression; probabilities as a sequence of maps."""

import pathlib
import sys

import numpy as np
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from sklearn_case import jets, store

X, flavour = jets()
pipeline = make_pipeline(StandardScaler(), Normalizer(), LogisticRegression(max_iter=300)).fit(X, flavour)
model = to_onnx(pipeline, X[:1], target_opset={"": 13, "ai.onnx.ml": 2})
rows = X[:60]
store(
    HERE,
    model,
    {"X": rows},
    {"output_label": pipeline.predict(rows), "output_probability": pipeline.predict_proba(rows).astype(np.float32)},
    ["scikit-learn", "skl2onnx"],
    "skl2onnx",
    "Scaler, Normalizer, LinearClassifier, ZipMap; classes 0, 4, 5",
    maps={"output_probability": [0, 4, 5]},
)
