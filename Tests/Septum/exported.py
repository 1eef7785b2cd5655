"""Loads models that Septum wrote for XGBoost and LightGBM in those libraries, and compares what they compute with the fixtures.

    exported.py LIST

LIST holds lines `FORMAT <tab> FILE <tab> FIXTURE <tab> OUTPUT <tab> TOLERANCE`; the output is one of the fixture's, a tolerance of 0
asks for the same bits. What disagrees is printed, then the number of files that do not.
"""

import logging
import pathlib
import sys

import lightgbm
import numpy as np
import xgboost


def margins(form, file, x):
    if form == "lightgbm":
        return lightgbm.Booster(model_file=file).predict(x, raw_score=True)
    booster = xgboost.Booster(model_file=file)
    types = booster.feature_types
    if types and "c" in types:
        data = xgboost.DMatrix(x, feature_types=types, feature_names=booster.feature_names, enable_categorical=True)
        return booster.predict(data, output_margin=True)
    return booster.inplace_predict(x, predict_type="margin", validate_features=False)


def predictions(form, file, x):
    if form == "lightgbm":
        return lightgbm.Booster(model_file=file).predict(x)
    booster = xgboost.Booster(model_file=file)
    return booster.inplace_predict(x, validate_features=False)


def compare(form, file, fixture, output, tolerance):
    folder = pathlib.Path(fixture)
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "expected.npz") as archive:
        x, expected = inputs["X"], archive[output]
    if form == "xgboost" and folder.parent.name == "lightgbm":
        # XGBoost's values are float32: the library is asked for rounded ones.
        with np.errstate(over="ignore"):
            x = x.astype(np.float32).astype(np.float64)
        expected = lightgbm.Booster(model_file=str(folder / "model.txt")).predict(x, raw_score=True)
    if form == "xgboost" and "c" in (xgboost.Booster(model_file=file).feature_types or []):
        # A matrix, which knows of categories, takes no infinities.
        with np.errstate(over="ignore"):
            kept = ~np.isinf(x.astype(np.float32)).any(axis=1)
        # To XGBoost -0.5 is no category, to LightGBM it is category 0; the last column holds categories.
        kept &= ~((x[:, -1] < 0) & (x[:, -1] > -1))
        x, expected = x[kept], expected[kept]
    isLink = output in ("prediction", "predict_proba") or output == "predict"
    found = (predictions if isLink else margins)(form, file, x.astype(np.float32) if form == "xgboost" else x)
    if expected.ndim == 2 and found.ndim == 1:
        expected = expected[:, -1]
    if found.shape != expected.shape:
        return f"shape {found.shape}, expected {expected.shape}"
    if form == "lightgbm" and folder.parent.name != form:
        # To LightGBM values within 1e-35 of zero are zero; only approximate files may depend on them.
        kept = ~((np.abs(x) <= 1e-35) & (x != 0)).any(axis=1) | (tolerance == 0)
        found, expected = found[kept], expected[kept]
    finite = np.isfinite(expected)
    if tolerance == 0:
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    else:
        scale = max(1.0, float(np.abs(expected[finite]).max(initial=0)))
        same = np.abs(found - expected) <= tolerance * scale
    return None if same.all() else f"{(~same).sum()} of {same.size} differ, first {found[~same][0]!r}, expected {expected[~same][0]!r}"


def main():
    # Remarks on parameters of old files would stand among the lines.
    quiet = logging.getLogger("quiet")
    quiet.setLevel(logging.CRITICAL)
    lightgbm.register_logger(quiet)
    agreeing = 0
    for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
        form, file, fixture, output, tolerance = line.split("\t")
        name = f"{form} {pathlib.Path(fixture).parent.name}/{pathlib.Path(fixture).name} {output}"
        try:
            wrong = compare(form, file, fixture, output, float(tolerance))
        except Exception as error:
            wrong = f"{type(error).__name__}: {str(error)[:200]}"
        if wrong:
            print(f"{name}: {wrong.splitlines()[0]}")
        else:
            agreeing += 1
    print(agreeing)


main()
