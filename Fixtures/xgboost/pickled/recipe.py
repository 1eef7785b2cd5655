"""Pickles models of XGBoost's Python package and records what its own methods give.

Each case names the version that makes it; a run makes the cases of the version that is installed:

    pip install xgboost==3.2.0 numpy==2.4.6 scikit-learn==1.7.2 joblib && python recipe.py
    pip install --no-deps xgboost==1.7.6 "numpy<1.24" "scipy<1.11" scikit-learn==1.2.2 joblib threadpoolctl && python recipe.py    # also 0.90, 1.0.2
"""

import json
import os
import pickle
import platform
import sys

import numpy as np
import xgboost as xgb

VERSION = xgb.__version__
FEATURES = 5

# name: version, class, labels, parameters, early stopping, how it is written
CASES = {
    "classifier_3_2": ("3.2.0", "XGBClassifier", 2, {"n_estimators": 6}, False, "joblib"),
    "classes_3_2": ("3.2.0", "XGBClassifier", 3, {"n_estimators": 20, "learning_rate": 1.0}, True, "pickle"),
    "regressor_3_2": ("3.2.0", "XGBRegressor", 0, {"n_estimators": 20, "learning_rate": 1.0}, True, "gzip"),
    "booster_3_2": ("3.2.0", "Booster", 2, {}, False, "pickle"),
    "forest_3_2": ("3.2.0", "XGBRFClassifier", 3, {"n_estimators": 4}, False, "pickle"),
    "classifier_1_7": ("1.7.6", "XGBClassifier", 2, {"n_estimators": 20, "learning_rate": 1.0}, True, "pickle"),
    "linear_1_7": ("1.7.6", "XGBRegressor", 0, {"n_estimators": 6, "booster": "gblinear"}, False, "joblib"),
    "named_1_0": ("1.0.2", "XGBClassifier", "names", {"n_estimators": 6}, False, "pickle"),
    "named_0_90": ("0.90", "XGBClassifier", "names", {"n_estimators": 20, "learning_rate": 1.0}, True, "joblib"),
    "regressor_0_90": ("0.90", "XGBRegressor", 0, {"n_estimators": 6, "objective": "reg:squarederror"}, False, "pickle"),
    "booster_0_90": ("0.90", "Booster", 2, {}, False, "pickle"),
}


def data(rng, rows, labels):
    x = rng.normal(size=(rows, FEATURES)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    z = np.nan_to_num(x, nan=0.4)
    score = z[:, 0] - z[:, 1] * z[:, 2] + rng.normal(scale=0.5, size=rows)
    if labels == 0:
        return x, score.astype(np.float32)
    classes = np.digitize(score, [0.2] if labels == 2 else [-0.4, 0.7])
    return x, np.array(["gluon", "quark", "top"])[classes] if labels == "names" else classes


def make(name):
    version, kind, labels, parameters, stops, form = CASES[name]
    rng = np.random.default_rng(5)
    x, y = data(rng, 300, labels)
    if kind == "Booster":
        model = xgb.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, xgb.DMatrix(x, y), 5)
    else:
        parameters = {"max_depth": 3, "n_jobs": 1, **parameters}
        fit = {}
        if stops:
            fit = {"eval_set": [data(rng, 200, labels)], "verbose": False}
            (fit if VERSION < "1.6" else parameters)["early_stopping_rounds"] = 2
        model = getattr(xgb, kind)(**parameters).fit(x, y, **fit)
        if stops:
            assert model.best_iteration + 1 < parameters["n_estimators"] - 1, model.best_iteration
    rows, _ = data(np.random.default_rng(6), 120, labels)
    rows = np.concatenate([rows, np.full((1, FEATURES), np.nan, np.float32), np.zeros((1, FEATURES), np.float32)])
    if kind == "Booster":
        matrix = xgb.DMatrix(rows)
        expected = {"prediction": model.predict(matrix), "margin": model.predict(matrix, output_margin=True)}
    else:
        expected = {"predict": model.predict(rows), "margin": model.predict(rows, output_margin=True)}
        if hasattr(model, "predict_proba"):
            expected["predict_proba"] = model.predict_proba(rows)
    os.makedirs(name, exist_ok=True)
    path = os.path.join(name, "model.pkl" if form == "pickle" else "model.joblib")
    if form == "pickle":
        with open(path, "wb") as file:
            pickle.dump(model, file)
    else:
        import joblib

        joblib.dump(model, path, compress=("gzip", 3) if form == "gzip" else 0)
    np.savez_compressed(os.path.join(name, "inputs.npz"), X=rows)
    np.savez_compressed(os.path.join(name, "expected.npz"), **expected)
    case = {
        "format": "xgboost", "producer": "xgboost", "recipe": "../recipe.py", "class": kind, "written": form,
        "versions": {"xgboost": VERSION, "numpy": np.__version__, "python": platform.python_version()},
        "tolerance": {
            "margin": {"ulps": 0, "reason": "a float32 sum in the library's order"},
            "predict_proba": {"rtol": 1e-6, "reason": "exp and softmax of another mathematical library"},
        },
    }
    with open(os.path.join(name, "case.json"), "w") as file:
        json.dump(case, file, indent=2)
        file.write("\n")
    size = sum(os.path.getsize(os.path.join(name, f)) for f in os.listdir(name))
    print(f"{name}: {size} bytes, {[(k, v.shape, str(v.dtype)) for k, v in expected.items()]}")
    assert size < 100_000


if __name__ == "__main__":
    for case_name in sys.argv[1:] or [name for name, case in CASES.items() if case[0] == VERSION]:
        make(case_name)
