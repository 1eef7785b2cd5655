"""Trains the models of this folder and records what CatBoost itself predicts, in one thread.

Each case names the version that trains it; a run makes the cases of the version that is installed:

    pip install catboost==1.2.10 numpy==2.4.6 && python recipe.py
    pip install catboost==0.26.1 "numpy<1.24" && python recipe.py

Rows of inputs.npz: ordinary ones, every border with its two float32 neighbours, missing values, zeros, infinities and subnormal
numbers; for categories also unknown ones. Texts of `categories` are those of integers where a case trains on integers.
"""

import json
import os
import platform
import sys

import catboost
import numpy as np

FEATURES = 5
ROWS = 400
VERSION = catboost.__version__


def table(rng, rows=ROWS, missing=0.1):
    x = rng.normal(size=(rows, FEATURES))
    x[:, 3] = np.round(x[:, 3] * 2)
    x[:, 4] = np.exp(8 * x[:, 4])
    x[rng.random(x.shape) < missing] = np.nan
    return x.astype(np.float32)


KINDS = ["electron", "muon", "photon"]
# Texts of every length that the hash treats in its own way.
LONG = ["", "e", "tau", "kaon", "hadronic", "a charged pion", "a neutral hadron with a name", "a jet " * 8, "a jet " * 20]


def categories(rng, rows=ROWS, unknown=False):
    columns = [
        np.array(KINDS)[rng.integers(0, 3, rows)],
        np.array([str(v) for v in rng.integers(-3, 60 if unknown else 40, rows)]),
        np.array(LONG + ["unseen"] * unknown)[rng.integers(0, len(LONG) + unknown, rows)],
    ]
    return np.stack([column.astype(object) for column in columns], axis=1)


def score(x, c):
    z = np.nan_to_num(x.astype(float), nan=0.7)
    s = z[:, 0] - 0.5 * z[:, 1] * z[:, 2] + 0.3 * z[:, 3] + 0.2 * np.log1p(np.abs(z[:, 4]))
    if c is not None:
        s = s + (c[:, 0] == "muon") * (c[:, 1].astype(int) % 3) - 1.5 * np.char.str_len(c[:, 2].astype(str)) / 50
    return s


def labels(kind, s, rng):
    s = s + rng.normal(scale=0.3, size=len(s))
    if kind == "binary":
        return (s > 0.4).astype(int)
    if kind == "classes":
        return np.digitize(s, [-0.3, 0.9])
    if kind == "names":
        return np.array(["light", "charm", "bottom"])[np.digitize(s, [-0.3, 0.9])]
    if kind == "shares":
        return 1 / (1 + np.exp(-s))
    if kind == "counts":
        return rng.poisson(np.exp(np.clip(s, -2, 2))).astype(float)
    if kind == "positive":
        return np.exp(np.clip(s, -2, 2))
    if kind == "several":
        return np.stack([s, s * s, -s], axis=1)
    if kind == "sets":
        return np.stack([s > 0, s > 1, s < -1], axis=1).astype(int)
    if kind == "censored":
        return np.stack([np.exp(s), np.where(rng.random(len(s)) < 0.2, -1, np.exp(s))], axis=1)
    return s


CTR = ["Borders:Prior=0/1:Prior=0.5/1", "Buckets", "BinarizedTargetMeanValue", "Counter"]

# name: version, form, labels, parameters, options
CASES = {
    "logloss": ("1.2.10", "json", "binary", {"loss_function": "Logloss"}, {}),
    "logloss_cbm": ("1.2.10", "cbm", "binary", {"loss_function": "Logloss"}, {}),
    "cross_entropy": ("1.2.10", "cbm", "shares", {"loss_function": "CrossEntropy"}, {}),
    "focal": ("1.2.10", "cbm", "binary", {"loss_function": "Focal:focal_alpha=0.4;focal_gamma=2"}, {}),
    "multiclass": ("1.2.10", "json", "classes", {"loss_function": "MultiClass"}, {}),
    "multiclass_cbm": ("1.2.10", "cbm", "names", {"loss_function": "MultiClass"}, {}),
    "one_vs_all": ("1.2.10", "cbm", "classes", {"loss_function": "MultiClassOneVsAll"}, {}),
    "multilabel": ("1.2.10", "json", "sets", {"loss_function": "MultiLogloss"}, {}),
    "rmse": ("1.2.10", "json", "real", {"loss_function": "RMSE"}, {}),
    "rmse_cbm": ("1.2.10", "cbm", "real", {"loss_function": "RMSE"}, {}),
    "scaled": ("1.2.10", "cbm", "real", {"loss_function": "RMSE"}, {"scale": (1.7, [0.3])}),
    "scaled_json": ("1.2.10", "json", "real", {"loss_function": "RMSE"}, {"scale": (-0.3, [0])}),
    "mae": ("1.2.10", "cbm", "real", {"loss_function": "MAE"}, {}),
    "quantile": ("1.2.10", "cbm", "real", {"loss_function": "Quantile:alpha=0.8"}, {}),
    "multiquantile": ("1.2.10", "json", "real", {"loss_function": "MultiQuantile:alpha=0.1,0.5,0.9"}, {}),
    "huber": ("1.2.10", "cbm", "real", {"loss_function": "Huber:delta=1.5"}, {}),
    "mape": ("1.2.10", "cbm", "positive", {"loss_function": "MAPE"}, {}),
    "poisson": ("1.2.10", "json", "counts", {"loss_function": "Poisson"}, {}),
    "tweedie": ("1.2.10", "cbm", "positive", {"loss_function": "Tweedie:variance_power=1.5"}, {}),
    "expectile": ("1.2.10", "cbm", "real", {"loss_function": "Expectile:alpha=0.3"}, {}),
    "logcosh": ("1.2.10", "cbm", "real", {"loss_function": "LogCosh"}, {}),
    "lq": ("1.2.10", "cbm", "real", {"loss_function": "Lq:q=3"}, {}),
    "survival": ("1.2.10", "cbm", "censored", {"loss_function": "SurvivalAft"}, {}),
    "cox": ("1.2.10", "cbm", "positive", {"loss_function": "Cox"}, {}),
    "multirmse": ("1.2.10", "json", "several", {"loss_function": "MultiRMSE"}, {}),
    "multirmse_cbm": ("1.2.10", "cbm", "several", {"loss_function": "MultiRMSE"}, {}),
    "uncertainty": ("1.2.10", "cbm", "real", {"loss_function": "RMSEWithUncertainty"}, {}),
    "uncertainty_json": ("1.2.10", "json", "real", {"loss_function": "RMSEWithUncertainty"}, {}),
    "yetirank": ("1.2.10", "cbm", "classes", {"loss_function": "YetiRank"}, {"groups": True}),
    "query_rmse": ("1.2.10", "json", "real", {"loss_function": "QueryRMSE"}, {"groups": True}),
    "pair_logit": ("1.2.10", "cbm", "classes", {"loss_function": "PairLogit"}, {"groups": True}),
    "nan_max": ("1.2.10", "json", "binary", {"loss_function": "Logloss", "nan_mode": "Max"}, {}),
    "nan_max_cbm": ("1.2.10", "cbm", "binary", {"loss_function": "Logloss", "nan_mode": "Max"}, {}),
    "never_missing": ("1.2.10", "json", "binary", {"loss_function": "Logloss"}, {"missing": 0}),
    "forbidden": ("1.2.10", "cbm", "binary", {"loss_function": "Logloss", "nan_mode": "Forbidden"}, {"missing": 0, "finite": True}),
    "many_borders": ("1.2.10", "cbm", "real", {"loss_function": "RMSE", "border_count": 1000, "iterations": 60, "depth": 4}, {}),
    "deep": ("1.2.10", "cbm", "real", {"loss_function": "RMSE", "depth": 9, "iterations": 3}, {}),
    "constant": ("1.2.10", "json", "constant", {"loss_function": "RMSE", "iterations": 2, "bootstrap_type": "No"}, {}),
    "named": ("1.2.10", "json", "binary", {"loss_function": "Logloss"}, {"names": ["pt", "eta", "phi", "charge", "mass"]}),
    "depthwise": ("1.2.10", "json", "binary", {"loss_function": "Logloss", "grow_policy": "Depthwise", "iterations": 4}, {}),
    "depthwise_cbm": ("1.2.10", "cbm", "classes", {"loss_function": "MultiClass", "grow_policy": "Depthwise", "iterations": 4}, {}),
    "lossguide": ("1.2.10", "json", "classes", {"loss_function": "MultiClass", "grow_policy": "Lossguide", "max_leaves": 9}, {}),
    "lossguide_cbm": ("1.2.10", "cbm", "real", {"loss_function": "RMSE", "grow_policy": "Lossguide", "max_leaves": 20}, {}),
    "one_hot": ("1.2.10", "json", "binary", {"loss_function": "Logloss", "one_hot_max_size": 100}, {"categories": True}),
    "one_hot_cbm": ("1.2.10", "cbm", "binary", {"loss_function": "Logloss", "one_hot_max_size": 4}, {"categories": True}),
    "ctr": ("1.2.10", "json", "binary", {"loss_function": "Logloss"}, {"categories": True}),
    "ctr_cbm": ("1.2.10", "cbm", "binary", {"loss_function": "Logloss"}, {"categories": True}),
    "ctr_classes": ("1.2.10", "cbm", "classes", {"loss_function": "MultiClass"}, {"categories": True}),
    "ctr_kinds": ("1.2.10", "json", "real", {"loss_function": "RMSE", "simple_ctr": CTR, "combinations_ctr": CTR}, {"categories": True}),
    "ctr_kinds_cbm": ("1.2.10", "cbm", "classes", {"loss_function": "MultiClass", "simple_ctr": CTR, "combinations_ctr": CTR}, {"categories": True}),
    "ctr_borders": (
        "1.2.10", "cbm", "real",
        {"loss_function": "RMSE", "simple_ctr": "Borders:TargetBorderCount=3", "combinations_ctr": "Buckets:TargetBorderCount=4"},
        {"categories": True}),
    "ctr_mixed": (
        "1.2.10", "cbm", "binary",
        {"loss_function": "Logloss", "one_hot_max_size": 3, "max_ctr_complexity": 4, "depth": 6, "model_size_reg": 0, "iterations": 15,
         "nan_mode": "Max"},
        {"categories": True}),
    "ctr_mixed_json": (
        "1.2.10", "json", "binary",
        {"loss_function": "Logloss", "one_hot_max_size": 3, "max_ctr_complexity": 4, "depth": 5, "model_size_reg": 0, "iterations": 10},
        {"categories": True}),
    # Kinds of statistics that only training on a GPU makes have the layout of others.
    "ctr_renamed": (
        "1.2.10", "cbm", "binary",
        {"loss_function": "Logloss", "simple_ctr": ["BinarizedTargetMeanValue", "Counter"], "max_ctr_complexity": 1},
        {"categories": True, "renamed": {"BinarizedTargetMeanValue": "FloatTargetMeanValue", "Counter": "FeatureFreq"}}),
    "ctr_only": ("1.2.10", "cbm", "binary", {"loss_function": "Logloss", "iterations": 20}, {"categories": True, "numbers": False}),
    "ctr_depthwise": ("1.2.10", "json", "binary", {"loss_function": "Logloss", "grow_policy": "Depthwise", "iterations": 4}, {"categories": True}),
    "integers": ("1.2.10", "cbm", "binary", {"loss_function": "Logloss"}, {"categories": True, "integers": True}),
    "v0_logloss": ("0.26.1", "cbm", "binary", {"loss_function": "Logloss"}, {}),
    "v0_logloss_json": ("0.26.1", "json", "binary", {"loss_function": "Logloss"}, {}),
    "v0_rmse": ("0.26.1", "cbm", "real", {"loss_function": "RMSE"}, {}),
    "v0_multiclass": ("0.26.1", "json", "classes", {"loss_function": "MultiClass", "grow_policy": "Depthwise", "iterations": 4}, {}),
    "v0_ctr": ("0.26.1", "cbm", "binary", {"loss_function": "Logloss", "one_hot_max_size": 3}, {"categories": True}),
    "v0_ctr_json": ("0.26.1", "json", "binary", {"loss_function": "Logloss", "one_hot_max_size": 3}, {"categories": True}),
}


def joined(x, c, options):
    """The table that CatBoost takes: categories between the numbers, so that places among kinds and among all differ."""
    if c is None:
        return x, []
    if options.get("integers"):
        c = np.stack([[int(v) for v in c[:, 1]], np.char.str_len(c[:, 2].astype(str))], axis=1).astype(object)
    if options.get("numbers") is False:
        return c, list(range(c.shape[1]))
    parts = [x[:, :1].astype(object), c[:, :1], x[:, 1:3].astype(object), c[:, 1:], x[:, 3:].astype(object)]
    return np.concatenate(parts, axis=1), [1, *range(4, 3 + c.shape[1])]


def inputs(rng, model, options):
    x = table(rng, 60, options.get("missing", 0.1))
    path = "borders.tsv"
    model.save_borders(path)
    borders = [line.split() for line in open(path)]
    os.remove(path)
    numbers = [place for place in range(FEATURES + 3) if place not in (1, 4, 5)] if options.get("categories") else list(range(FEATURES))
    if options.get("integers"):
        numbers = [0, 2, 3, 5, 6]
    found = [(numbers.index(int(line[0])), np.float32(line[1])) for line in borders]
    rng.shuffle(found)
    rows = [x]
    for feature, border in found[:80]:
        row = np.repeat(x[rng.integers(len(x))][None], 3, axis=0)
        with np.errstate(over="ignore"):
            row[:, int(feature)] = [np.nextafter(border, np.float32(-np.inf)), border, np.nextafter(border, np.float32(np.inf))]
        rows.append(row)
    odd = [np.nan, 0.0, -0.0, 1e-45, 1e-40, np.inf, -np.inf, 3e38, -3.4028235e38, 3.4028235e38]
    odd = np.array([value for value in odd if not options.get("finite") or np.isfinite(value)], dtype=np.float32)
    for feature in range(FEATURES):
        row = np.repeat(x[rng.integers(len(x))][None], len(odd), axis=0)
        row[:, feature] = odd
        rows.append(row)
    return np.concatenate(rows).astype(np.float32)


def prediction_type(loss):
    name = loss.split(":")[0]
    if name in ("Logloss", "CrossEntropy", "Focal", "MultiClass", "MultiClassOneVsAll", "MultiLogloss"):
        return "Probability"
    return {"Poisson": "Exponent", "Tweedie": "Exponent", "RMSEWithUncertainty": "RMSEWithUncertainty"}.get(name, "RawFormulaVal")


def make(name):
    version, form, kind, parameters, options = CASES[name]
    rng = np.random.default_rng(11)
    x = table(rng, missing=options.get("missing", 0.1))
    c = categories(rng) if options.get("categories") else None
    y = labels(kind, score(x, c), rng) if kind != "constant" else np.full(ROWS, 2.5)
    data, places = joined(x, c, options)
    given = {
        "iterations": 12, "depth": 4, "learning_rate": 0.3, "random_seed": 3, "thread_count": 1, "verbose": False,
        "allow_writing_files": False, "allow_const_label": True, **parameters,
    }
    extra = {"group_id": np.arange(ROWS) // 20} if options.get("groups") else {}
    pool = catboost.Pool(data, y, cat_features=places, feature_names=options.get("names"), **extra)
    model = catboost.CatBoost(given)
    model.fit(pool)
    if "scale" in options:
        model.set_scale_and_bias(*options["scale"])
    os.makedirs(name, exist_ok=True)
    path = os.path.join(name, "model." + form)
    if "renamed" in options:
        model.save_model(path, format="json")
        with open(path) as file:
            text = file.read()
        for old, new in options["renamed"].items():
            text = text.replace(f'"{old}"', f'"{new}"').replace(f'\\"{old}\\"', f'\\"{new}\\"')
        with open(path, "w") as file:
            file.write(text)
        model = catboost.CatBoost().load_model(path, format="json")
    model.save_model(path, format=form)
    rng = np.random.default_rng(15)
    probe = inputs(rng, model, options)
    unknown = categories(rng, len(probe), unknown=True) if c is not None else None
    rows, places = joined(probe, unknown, options)
    pool = catboost.Pool(rows, cat_features=places, feature_names=options.get("names"))
    expected = {
        "prediction": model.predict(pool, prediction_type=prediction_type(parameters["loss_function"]), thread_count=1),
        "margin": model.predict(pool, prediction_type="RawFormulaVal", thread_count=1),
    }
    if expected["margin"].ndim == 1 and expected["prediction"].ndim == 2:
        expected["prediction"] = expected["prediction"][:, 1]
    expected = {key: np.ascontiguousarray(value, dtype=np.float64) for key, value in expected.items()}
    # The JSON form does not keep how leaves of general trees were numbered.
    read = catboost.CatBoost().load_model(path, format=form)
    expected["leaf_index"] = read.calc_leaf_indexes(pool).astype(np.int32)
    arrays = {} if options.get("numbers") is False else {"X": probe}
    if places:
        arrays["categories"] = np.array([[str(v) for v in row] for row in rows[:, places]])
    np.savez_compressed(os.path.join(name, "inputs.npz"), **arrays)
    np.savez_compressed(os.path.join(name, "expected.npz"), **expected)
    case = {
        "format": "catboost",
        "producer": "catboost",
        "recipe": "../recipe.py",
        "versions": {"catboost": VERSION, "numpy": np.__version__, "python": platform.python_version()},
        "parameters": given,
        "tolerance": {
            "margin": {"ulps": 0, "reason": "a float64 sum in the library's order"},
            "prediction": {"rtol": 1e-13, "atol": 1e-300, "reason": "exp of another mathematical library"},
        },
    }
    with open(os.path.join(name, "case.json"), "w") as file:
        json.dump(case, file, indent=2)
        file.write("\n")
    size = sum(os.path.getsize(os.path.join(name, f)) for f in os.listdir(name))
    print(f"{name}: {len(probe)} rows, {size} bytes, model {os.path.getsize(path)}, prediction {expected['prediction'].shape}")
    assert size < 150_000


if __name__ == "__main__":
    for case_name in sys.argv[1:] or [name for name, case in CASES.items() if case[0] == VERSION]:
        make(case_name)
