"""Trains the models of this folder and records what LightGBM itself predicts.

Each case names the version that trains it; a run makes the cases of the version that is installed:

    pip install lightgbm==4.6.0 numpy==2.4.6 scipy pandas && python recipe.py
    pip install lightgbm==3.3.5 "numpy<2" scipy && python recipe.py        # also 2.3.1

Rows of inputs.npz: ordinary ones, every threshold with its two float64 neighbours, missing values, zeros, infinities and
subnormal numbers. leaf_index of expected.npz covers all rows.
"""

import json
import os
import platform
import sys

import lightgbm as lgb
import numpy as np

FEATURES = 6
ROWS = 400
VERSION = lgb.__version__


def table(rng, missing=0.1, rows=ROWS):
    x = rng.normal(size=(rows, FEATURES))
    x[:, 3] = np.round(x[:, 3] * 2)
    x[:, 4] = np.exp(8 * x[:, 4])
    x[rng.random(x.shape) < missing] = np.nan
    return x


def score(x):
    z = np.nan_to_num(x, nan=0.7)
    return z[:, 0] - 0.5 * z[:, 1] * z[:, 2] + 0.3 * z[:, 3] + 0.2 * np.log1p(np.abs(z[:, 4]))


def labels(kind, x, rng):
    s = score(x) + rng.normal(scale=0.3, size=len(x))
    if kind == "binary":
        return (s > 0.4).astype(float)
    if kind == "classes":
        return np.digitize(s, [-0.3, 0.9]).astype(float)
    if kind == "shares":
        return 1 / (1 + np.exp(-s))
    if kind == "counts":
        return rng.poisson(np.exp(np.clip(s, -2, 2))).astype(float)
    if kind == "positive":
        return np.exp(np.clip(s, -2, 2))
    return s


RF = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7, "feature_fraction": 0.7}

# name: version, labels, parameters, rounds, options
CASES = {
    "binary": ("4.6.0", "binary", {"objective": "binary"}, 12, {}),
    "binary_sigmoid": ("4.6.0", "binary", {"objective": "binary", "sigmoid": 0.7}, 8, {}),
    "unbalanced": ("4.6.0", "binary", {"objective": "binary", "is_unbalance": True, "boost_from_average": False}, 8, {}),
    "multiclass": ("4.6.0", "classes", {"objective": "multiclass", "num_class": 3}, 6, {}),
    "multiclassova": ("4.6.0", "classes", {"objective": "multiclassova", "num_class": 3, "sigmoid": 1.3}, 6, {}),
    "cross_entropy": ("4.6.0", "shares", {"objective": "cross_entropy"}, 8, {}),
    "cross_entropy_lambda": ("4.6.0", "shares", {"objective": "cross_entropy_lambda"}, 8, {}),
    "regression": ("4.6.0", "real", {"objective": "regression"}, 12, {}),
    "regression_sqrt": ("4.6.0", "real", {"objective": "regression", "reg_sqrt": True}, 8, {}),
    "regression_l1": ("4.6.0", "real", {"objective": "regression_l1"}, 8, {}),
    "huber": ("4.6.0", "real", {"objective": "huber"}, 8, {}),
    "fair": ("4.6.0", "real", {"objective": "fair"}, 8, {}),
    "quantile": ("4.6.0", "real", {"objective": "quantile", "alpha": 0.8}, 8, {}),
    "mape": ("4.6.0", "positive", {"objective": "mape"}, 8, {}),
    "poisson": ("4.6.0", "counts", {"objective": "poisson"}, 8, {}),
    "gamma": ("4.6.0", "positive", {"objective": "gamma"}, 8, {}),
    "tweedie": ("4.6.0", "positive", {"objective": "tweedie", "tweedie_variance_power": 1.3}, 8, {}),
    "lambdarank": ("4.6.0", "classes", {"objective": "lambdarank"}, 6, {"groups": True}),
    "rank_xendcg": ("4.6.0", "classes", {"objective": "rank_xendcg"}, 6, {"groups": True}),
    "rf": ("4.6.0", "binary", {"objective": "binary", **RF}, 8, {}),
    "rf_regression": ("4.6.0", "real", {"objective": "regression", **RF}, 7, {}),
    "rf_classes": ("4.6.0", "classes", {"objective": "multiclass", "num_class": 3, **RF}, 5, {}),
    "dart": ("4.6.0", "binary", {"objective": "binary", "boosting": "dart", "drop_rate": 0.5}, 10, {}),
    "goss": ("4.6.0", "binary", {"objective": "binary", "data_sample_strategy": "goss"}, 8, {}),
    "zero_as_missing": ("4.6.0", "binary", {"objective": "binary", "zero_as_missing": True}, 8, {}),
    "no_missing": ("4.6.0", "binary", {"objective": "binary", "use_missing": False}, 8, {}),
    "never_missing": ("4.6.0", "binary", {"objective": "binary"}, 8, {"missing": 0}),
    "categorical": ("4.6.0", "binary", {"objective": "binary", "min_data_per_group": 5, "cat_smooth": 1}, 10, {"categories": 40}),
    "categorical_one_hot": ("4.6.0", "binary", {"objective": "binary", "max_cat_to_onehot": 60}, 8, {"categories": 40}),
    "pandas": ("4.6.0", "binary", {"objective": "binary", "min_data_per_group": 5, "cat_smooth": 1}, 8, {"pandas": True}),
    "deep": ("4.6.0", "real", {"objective": "regression", "num_leaves": 120, "min_data_in_leaf": 1}, 3, {}),
    "one_leaf": ("4.6.0", "real", {"objective": "regression", "min_data_in_leaf": 1000}, 2, {}),
    "early_stopping": ("4.6.0", "binary", {"objective": "binary", "learning_rate": 0.9}, 300, {"stopping": 3}),
    "linear_tree": ("4.6.0", "real", {"objective": "regression", "linear_tree": True}, 6, {}),
    "linear_binary": ("4.6.0", "binary", {"objective": "binary", "linear_tree": True}, 6, {}),
    "custom": ("4.6.0", "real", {"objective": "custom"}, 6, {}),
    "v3_binary": ("3.3.5", "binary", {"objective": "binary"}, 8, {}),
    "v3_categorical": ("3.3.5", "binary", {"objective": "binary", "min_data_per_group": 5, "cat_smooth": 1}, 8, {"categories": 40}),
    "v3_multiclass": ("3.3.5", "classes", {"objective": "multiclass", "num_class": 3}, 5, {}),
    "v3_linear_tree": ("3.3.5", "real", {"objective": "regression", "linear_tree": True}, 5, {}),
    "v2_binary": ("2.3.1", "binary", {"objective": "binary"}, 8, {}),
    "v2_rf": ("2.3.1", "real", {"objective": "regression", **RF}, 6, {}),
    "v2_categorical": ("2.3.1", "binary", {"objective": "binary", "min_data_per_group": 5, "cat_smooth": 1}, 8, {"categories": 40}),
}


def thresholds(booster):
    """Feature, threshold and its two neighbours for each numerical split."""
    found = []

    def walk(node):
        if "split_index" in node:
            if node["decision_type"] == "<=":
                found.append((node["split_feature"], float(node["threshold"])))
            walk(node["left_child"])
            walk(node["right_child"])

    for tree in booster.dump_model()["tree_info"]:
        walk(tree["tree_structure"])
    return found


def inputs(rng, booster, options):
    x = table(rng, options.get("missing", 0.1), rows=60)
    if options.get("categories"):
        x[:, 5] = rng.integers(0, options["categories"] + 3, size=len(x))
    found = thresholds(booster)
    rng.shuffle(found)
    rows = [x]
    for feature, threshold in found[:100]:
        row = np.repeat(x[rng.integers(len(x))][None], 3, axis=0)
        row[:, int(feature)] = [np.nextafter(threshold, -np.inf), threshold, np.nextafter(threshold, np.inf)]
        rows.append(row)
    odd = np.array([np.nan, 0.0, -0.0, 1e-35, -1e-35, 2e-35, 5e-324, 1e-310, np.inf, -np.inf, 1e308, 0.9, -0.5, -1, 33, 64, 1e10])
    for feature in range(FEATURES):
        row = np.repeat(x[rng.integers(len(x))][None], len(odd), axis=0)
        row[:, feature] = odd
        rows.append(row)
    rows += [np.full((1, FEATURES), np.nan), np.zeros((1, FEATURES))]
    return np.concatenate(rows)


def frame(x):
    import pandas

    names = ["pt", "abs_eta", "phi", "charge", "mass", "kind"]
    data = pandas.DataFrame(x, columns=names)
    kinds = [f"k{i}" for i in range(12)]
    codes = [int(v) % 12 if np.isfinite(v) and v >= 0 else -1 for v in x[:, 5] * 3]
    data["kind"] = pandas.Categorical.from_codes(codes, kinds)
    return data


def train(kind, parameters, rounds, options):
    rng = np.random.default_rng(11)
    x = table(rng, options.get("missing", 0.1))
    y = labels(kind, x, rng)
    if options.get("categories"):
        x[:, 5] = rng.integers(0, options["categories"], size=len(x))
        y = np.where(np.isin(x[:, 5] % 9, [1, 4, 7, 8]), 1 - y, y)
    parameters = {
        "num_leaves": 15, "min_data_in_leaf": 5, "num_threads": 1, "seed": 3, "verbosity": -1, "deterministic": True,
        **parameters,
    }
    kwargs = {"categorical_feature": [5]} if options.get("categories") else {}
    if options.get("groups"):
        kwargs["group"] = [20] * (len(x) // 20)
    if parameters["objective"] == "custom":
        parameters["objective"] = lambda scores, data: (scores - data.get_label(), np.ones(len(scores)))
    if options.get("pandas"):
        x = frame(x)
        y = np.where(x["kind"].isin(["k0", "k2", "k5"]), 1 - y, y)
    data = lgb.Dataset(x, label=y, **kwargs)
    if "stopping" in options:
        other = table(np.random.default_rng(12))
        valid = data.create_valid(other, label=labels(kind, other, np.random.default_rng(13)))
        booster = lgb.train(
            parameters, data, rounds, valid_sets=[valid], callbacks=[lgb.early_stopping(options["stopping"], verbose=False)]
        )
        assert booster.best_iteration < rounds
        return booster
    return lgb.train(parameters, data, rounds)


def make(name):
    version, kind, parameters, rounds, options = CASES[name]
    booster = train(kind, parameters, rounds, options)
    os.makedirs(name, exist_ok=True)
    path = os.path.join(name, "model.txt")
    booster.save_model(path)
    x = inputs(np.random.default_rng(15), booster, options)
    given = x
    if options.get("pandas"):
        given = frame(x)
        # What the library makes of the frame: the codes of the categories, NaN for none.
        x = given.assign(kind=given["kind"].cat.codes.replace(-1, np.nan)).to_numpy(dtype=float)
    expected = {"prediction": booster.predict(given), "margin": booster.predict(given, raw_score=True)}
    expected["leaf_index"] = booster.predict(given, pred_leaf=True).reshape(len(x), -1).astype(np.int32)
    np.savez_compressed(os.path.join(name, "inputs.npz"), X=x)
    np.savez_compressed(os.path.join(name, "expected.npz"), **expected)
    case = {
        "format": "lightgbm",
        "producer": "lightgbm",
        "recipe": "../recipe.py",
        "versions": {"lightgbm": VERSION, "numpy": np.__version__, "python": platform.python_version()},
        "parameters": parameters,
        "rounds": rounds,
        "tolerance": {
            "margin": {"ulps": 0, "reason": "a float64 sum in the library's order"},
            "prediction": {"rtol": 1e-15, "reason": "exp of another mathematical library"},
        },
    }
    with open(os.path.join(name, "case.json"), "w") as file:
        json.dump(case, file, indent=2)
        file.write("\n")
    size = sum(os.path.getsize(os.path.join(name, f)) for f in os.listdir(name))
    print(f"{name}: {len(x)} rows, {size} bytes, prediction {expected['prediction'].shape}")
    assert size < 150_000


if __name__ == "__main__":
    for case_name in sys.argv[1:] or [name for name, case in CASES.items() if case[0] == VERSION]:
        make(case_name)
