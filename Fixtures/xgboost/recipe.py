"""Trains the models of this folder and records what XGBoost itself predicts.

Each case names the version that trains it; a run makes the cases of the version that is installed:

    pip install xgboost==3.2.0 numpy==2.4.6 && python recipe.py
    pip install --no-deps xgboost==2.1.4 "numpy<2" scipy && python recipe.py        # also 1.7.6, 3.0.5
    pip install --no-deps xgboost==1.2.1 "numpy<1.24" "scipy<1.11" && python recipe.py    # also 0.90, 1.0.2

Rows of inputs.npz: ordinary ones, every threshold with its two float32 neighbours, missing values, and last, where the
version can predict them, infinities. leaf_index of expected.npz covers the rows before the infinities.
"""
import json
import os
import platform
import struct
import sys

import numpy as np
import xgboost as xgb

FEATURES = 6
ROWS = 300
VERSION = xgb.__version__


def table(rng, missing=0.1, rows=ROWS):
    x = rng.normal(size=(rows, FEATURES)).astype(np.float32)
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
        return (s > 0.4).astype(np.float32)
    if kind == "classes":
        return np.digitize(s, [-0.3, 0.9]).astype(np.float32)
    if kind == "counts":
        return rng.poisson(np.exp(np.clip(s, -2, 2))).astype(np.float32)
    if kind == "positive":
        return np.exp(np.clip(s, -2, 2)).astype(np.float32)
    if kind == "targets":
        return np.stack([s, s**2, -s], axis=1).astype(np.float32)
    return s.astype(np.float32)


# name: version, labels, parameters, rounds, options
CASES = {
    "binary": ("3.2.0", "binary", {"objective": "binary:logistic"}, 12, {"both": True}),
    "base_score": ("3.2.0", "binary", {"objective": "binary:logistic", "base_score": 0.17}, 8, {}),
    "base_score_extreme": ("3.2.0", "binary", {"objective": "binary:logistic", "base_score": 1e-9}, 4, {}),
    "reg_logistic": ("3.2.0", "binary", {"objective": "reg:logistic"}, 8, {}),
    "logitraw": ("3.2.0", "binary", {"objective": "binary:logitraw", "base_score": 0.3}, 8, {}),
    "steep": ("3.2.0", "binary", {"objective": "binary:logistic", "eta": 60, "lambda": 0, "max_depth": 2}, 6, {}),
    "hinge": ("3.2.0", "binary", {"objective": "binary:hinge"}, 8, {}),
    "softprob": ("3.2.0", "classes", {"objective": "multi:softprob", "num_class": 3}, 6, {"both": True}),
    "softmax": ("3.2.0", "classes", {"objective": "multi:softmax", "num_class": 3}, 6, {"ubj": True}),
    "regression": ("3.2.0", "real", {"objective": "reg:squarederror"}, 12, {"ubj": True}),
    "absolute_error": ("3.2.0", "real", {"objective": "reg:absoluteerror"}, 8, {}),
    "squared_log_error": ("3.2.0", "positive", {"objective": "reg:squaredlogerror"}, 8, {"ubj": True}),
    "pseudo_huber": ("3.2.0", "real", {"objective": "reg:pseudohubererror"}, 8, {}),
    "quantile": ("3.2.0", "real", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}, 5, {}),
    "poisson": ("3.2.0", "counts", {"objective": "count:poisson"}, 8, {}),
    "gamma": ("3.2.0", "positive", {"objective": "reg:gamma"}, 8, {"ubj": True}),
    "tweedie": ("3.2.0", "positive", {"objective": "reg:tweedie"}, 8, {}),
    "cox": ("3.2.0", "positive", {"objective": "survival:cox"}, 6, {}),
    "aft": ("3.2.0", "positive", {"objective": "survival:aft"}, 6, {"survival": True}),
    "rank_ndcg": ("3.2.0", "classes", {"objective": "rank:ndcg"}, 6, {"groups": True}),
    "rank_pairwise": ("3.2.0", "classes", {"objective": "rank:pairwise"}, 6, {"groups": True}),
    "multi_target": ("3.2.0", "targets", {"objective": "reg:squarederror"}, 4, {}),
    "vector_leaves": ("3.2.0", "targets", {"objective": "reg:squarederror", "multi_strategy": "multi_output_tree"}, 6, {}),
    "parallel_trees": (
        "3.2.0", "binary",
        {"objective": "binary:logistic", "num_parallel_tree": 4, "subsample": 0.6, "colsample_bynode": 0.6, "eta": 1}, 2, {}),
    "early_stopping": ("3.2.0", "binary", {"objective": "binary:logistic", "eta": 1.0}, 40, {"stopping": 3}),
    "missing_values": ("3.2.0", "binary", {"objective": "binary:logistic"}, 8, {"missing": 0.5}),
    "no_missing_values": ("3.2.0", "binary", {"objective": "binary:logistic"}, 8, {"missing": 0.0}),
    "float_thresholds": ("3.2.0", "real", {"objective": "reg:squarederror", "tree_method": "exact"}, 8, {"hard": True}),
    "pruned": ("3.2.0", "real", {"objective": "reg:squarederror", "tree_method": "exact", "gamma": 2.0}, 8, {}),
    "deep": (
        "3.2.0", "real", {"objective": "reg:squarederror", "grow_policy": "lossguide", "max_depth": 0, "max_leaves": 60},
        2, {"ubj": True}),
    "categorical": ("3.2.0", "binary", {"objective": "binary:logistic", "max_cat_to_onehot": 1}, 8, {"categories": True}),
    "categorical_one_hot": (
        "3.2.0", "binary", {"objective": "binary:logistic", "max_cat_to_onehot": 100}, 8, {"categories": True, "ubj": True}),
    "named_features": ("3.2.0", "binary", {"objective": "binary:logistic"}, 4, {"names": True}),
    "no_trees": ("3.2.0", "classes", {"objective": "multi:softprob", "num_class": 3}, 0, {}),
    "one_leaf": ("3.2.0", "real", {"objective": "reg:squarederror", "min_child_weight": 1e6}, 2, {}),
    "dart": ("3.2.0", "binary", {"booster": "dart", "objective": "binary:logistic", "rate_drop": 0.3}, 10, {"both": True}),
    "linear": ("3.2.0", "binary", {"booster": "gblinear", "objective": "binary:logistic"}, 5, {}),
    "linear_classes": ("3.2.0", "classes", {"booster": "gblinear", "objective": "multi:softprob", "num_class": 3}, 5, {"ubj": True}),
    "v1_0_logistic": ("1.0.2", "binary", {"objective": "binary:logistic", "base_score": 0.3}, 12, {}),
    "v1_0_logitraw": ("1.0.2", "binary", {"objective": "binary:logitraw", "base_score": 0.3}, 8, {}),
    "v1_2_softprob": ("1.2.1", "classes", {"objective": "multi:softprob", "num_class": 3, "base_score": 0.7}, 6, {}),
    "v1_2_logitraw": ("1.2.1", "binary", {"objective": "binary:logitraw", "base_score": 0.3}, 8, {}),
    "v1_2_dart": ("1.2.1", "binary", {"booster": "dart", "objective": "binary:logistic", "rate_drop": 0.3}, 10, {}),
    "v1_2_linear": ("1.2.1", "binary", {"booster": "gblinear", "objective": "binary:logistic", "base_score": 0.3}, 5, {}),
    "v1_7_softprob": ("1.7.6", "classes", {"objective": "multi:softprob", "num_class": 3}, 6, {"ubj": True}),
    "v1_7_categorical": (
        "1.7.6", "binary", {"objective": "binary:logistic", "tree_method": "hist", "max_cat_to_onehot": 2}, 6,
        {"categories": True}),
    "v1_7_base_score_extreme": ("1.7.6", "binary", {"objective": "binary:logistic", "base_score": 1e-9}, 4, {}),
    "v2_1_poisson": ("2.1.4", "counts", {"objective": "count:poisson"}, 8, {"ubj": True}),
    "v2_1_vector_leaves": (
        "2.1.4", "targets", {"objective": "reg:squarederror", "multi_strategy": "multi_output_tree", "tree_method": "hist"},
        6, {}),
    "binary_0_90_logistic": (
        "0.90", "binary", {"objective": "binary:logistic", "base_score": 0.3}, 12, {"raw": True, "attributes": True}),
    "binary_0_90_softprob": ("0.90", "classes", {"objective": "multi:softprob", "num_class": 3, "base_score": 0.7}, 5, {"raw": True}),
    "binary_0_90_softmax": ("0.90", "classes", {"objective": "multi:softmax", "num_class": 3}, 4, {"raw": True}),
    "binary_0_90_logitraw": ("0.90", "binary", {"objective": "binary:logitraw", "base_score": 0.3}, 6, {"raw": True}),
    "binary_0_90_hinge": ("0.90", "binary", {"objective": "binary:hinge"}, 6, {"raw": True}),
    "binary_0_90_poisson": (
        "0.90", "counts", {"objective": "count:poisson", "eval_metric": ["rmse", "mae"]}, 6, {"raw": True, "attributes": True}),
    "binary_0_90_tweedie": ("0.90", "positive", {"objective": "reg:tweedie"}, 6, {"raw": True}),
    "binary_0_90_rank": ("0.90", "classes", {"objective": "rank:ndcg"}, 6, {"raw": True, "groups": True}),
    "binary_0_90_gpu": ("0.90", "real", {"objective": "gpu:reg:linear"}, 6, {"raw": True}),
    "binary_0_90_dart": (
        "0.90", "binary", {"booster": "dart", "objective": "binary:logistic", "rate_drop": 0.3}, 10, {"raw": True}),
    "binary_0_90_linear": (
        "0.90", "binary", {"booster": "gblinear", "objective": "binary:logistic", "base_score": 0.3}, 5, {"raw": True}),
    "binary_0_90_pruned": ("0.90", "real", {"objective": "reg:squarederror", "tree_method": "exact", "gamma": 2.0}, 8, {"raw": True}),
    "binary_1_0_poisson": ("1.0.2", "counts", {"objective": "count:poisson", "eval_metric": "rmse"}, 6, {"raw": True}),
    "binary_1_0_pickled": ("1.0.2", "binary", {"objective": "binary:logistic", "base_score": 0.3}, 5, {"raw": True, "pickled": True}),
    "binary_1_7_softprob": ("1.7.6", "classes", {"objective": "multi:softprob", "num_class": 3}, 5, {"raw": True}),
    "binary_1_7_dart": (
        "1.7.6", "binary", {"booster": "dart", "objective": "binary:logistic", "rate_drop": 0.3}, 10, {"raw": True}),
    "binary_1_7_linear": (
        "1.7.6", "classes", {"booster": "gblinear", "objective": "multi:softprob", "num_class": 3}, 5, {"raw": True}),
    "binary_1_7_targets": ("1.7.6", "targets", {"objective": "reg:squarederror", "base_score": 0.7}, 4, {"raw": True}),
    "binary_2_1_gamma": ("2.1.4", "positive", {"objective": "reg:gamma"}, 6, {"raw": True}),
    "v3_0_binary": ("3.0.5", "binary", {"objective": "binary:logistic"}, 8, {}),
}


def binary_thresholds(booster):
    """As below, from the binary form, as far as the trees."""
    data = bytes(booster.save_raw() if VERSION < "1.6" else booster.save_raw("deprecated"))
    place = (4 if data[:4] == b"binf" else 0) + 136
    names = []
    for _ in range(2):
        (size,) = struct.unpack_from("<Q", data, place)
        names.append(data[place + 8 : place + 8 + size])
        place += 8 + size
    if names[1] == b"gblinear":
        return []
    (count,) = struct.unpack_from("<i", data, place)
    place += 160
    found = []
    for _ in range(count):
        (nodes,) = struct.unpack_from("<i", data, place + 4)
        place += 148
        for _, left, _, feature, threshold in struct.iter_unpack("<iiiIf", data[place : place + 20 * nodes]):
            if left != -1 and feature & 0x7FFFFFFF < FEATURES:
                found.append((feature & 0x7FFFFFFF, np.float32(threshold)))
        place += 36 * nodes
    return found


def thresholds(booster):
    """Feature, threshold and its two neighbours for each split, as the library prints them in full."""
    path = "thresholds.json"
    booster.save_model(path)
    with open(path) as file:
        model = json.load(file)["learner"]["gradient_booster"]
    os.remove(path)
    if model["name"] == "dart":
        model = model["gbtree"]
    found = []
    for tree in model["model"].get("trees", []):
        for left, feature, condition in zip(tree["left_children"], tree["split_indices"], tree["split_conditions"]):
            if left != -1 and feature < FEATURES:
                found.append((feature, np.float32(condition)))
    return found


def inputs(rng, booster, options):
    x = table(rng, options.get("missing", 0.1), rows=60)
    if options.get("hard"):
        x = hard_table(rng, 60)
    if options.get("categories"):
        x[:, 5] = rng.integers(0, 12, size=len(x)).astype(np.float32)
    found = binary_thresholds(booster) if options.get("raw") else thresholds(booster)
    rng.shuffle(found)
    rows = [x]
    for feature, threshold in found[: 60 if options.get("raw") else 120]:
        below, above = np.nextafter(threshold, np.float32(-np.inf)), np.nextafter(threshold, np.float32(np.inf))
        row = np.repeat(x[rng.integers(len(x))][None], 3, axis=0)
        row[:, feature] = [below, threshold, above]
        rows.append(row)
    missing = x[:FEATURES].copy()
    missing[np.arange(FEATURES), np.arange(FEATURES)] = np.nan
    rows += [missing, np.full((1, FEATURES), np.nan, np.float32), np.zeros((1, FEATURES), np.float32)]
    if options.get("categories"):
        odd = np.repeat(x[:1], 9, axis=0)
        odd[:, 5] = [0.0, 0.9, 3.5, 11, 12, 31, 32, 64, np.nan]
        rows.append(odd)
    return np.concatenate(rows)


def hard_table(rng, rows):
    """Neighbouring float32 numbers, subnormal ones, and ones beyond float32's integers."""
    x = np.empty((rows, FEATURES), np.float32)
    x[:, 0] = (np.full(rows, 0x3F800000, np.uint32) + rng.integers(0, 40, rows).astype(np.uint32)).view(np.float32)
    x[:, 1] = (rng.integers(1, 60, rows).astype(np.uint32)).view(np.float32)
    x[:, 2] = np.float32(2**25) + rng.integers(0, 30, rows).astype(np.float32) * 4
    x[:, 3] = np.float32(0.1) * rng.integers(-20, 20, rows)
    x[:, 4] = rng.choice(np.array([-0.0, 0.0, 1e-38, -1e-38, 3e38, -3e38], np.float32), rows)
    x[:, 5] = rng.normal(size=rows)
    return x


def matrix(x, y=None, options={}):
    kwargs = {}
    if options.get("categories"):
        kwargs = {"feature_types": ["q"] * 5 + ["c"], "enable_categorical": True}
    if options.get("names"):
        kwargs = {"feature_names": ["pt", "|eta|", "é ∂", 'a"b\\c', "m\tjet", "x5"], "feature_types": ["float", "q", "float", "int", "float", "i"]}
    data = xgb.DMatrix(x, **kwargs) if y is None or options.get("survival") else xgb.DMatrix(x, label=y, **kwargs)
    if y is not None and options.get("survival"):
        data.set_float_info("label_lower_bound", y)
        data.set_float_info("label_upper_bound", y * 1.5)
    if y is not None and options.get("groups"):
        data.set_group([20] * (len(x) // 20))
    return data


def train(kind, parameters, rounds, options):
    rng = np.random.default_rng(11)
    x = hard_table(rng, ROWS) if options.get("hard") else table(rng, options.get("missing", 0.1))
    if options.get("hard"):
        y = (x[:, 0] * 1e6 % 1 + (x[:, 2] % 32) + np.sign(x[:, 4]) + x[:, 1].astype(np.float64) * 1e44).astype(np.float32)
    else:
        y = labels(kind, x, rng)
    if options.get("categories"):
        x[:, 5] = rng.integers(0, 12, size=len(x)).astype(np.float32)
        y = np.where(np.isin(x[:, 5], [1, 4, 7, 8]), 1 - y, y).astype(np.float32)
    parameters = {"max_depth": 4, "eta": 0.3, "nthread": 1, "seed": 3, **parameters}
    data = matrix(x, y, options)
    if "stopping" in options:
        other = table(np.random.default_rng(12))
        evals = [(matrix(other, labels(kind, other, np.random.default_rng(13)), options), "other")]
        booster = xgb.train(parameters, data, rounds, evals=evals, early_stopping_rounds=options["stopping"], verbose_eval=False)
        assert booster.best_iteration + 1 < booster.num_boosted_rounds()
        return booster
    return xgb.train(parameters, data, rounds)


def with_infinities(booster, x, expected, options):
    """DMatrix refuses infinities, prediction in place does not."""
    if VERSION < "1.7" or options.get("raw") or options.get("categories") or options.get("names"):
        return x
    rng = np.random.default_rng(14)
    extreme = x[rng.integers(len(x), size=12)].copy()
    extreme[np.arange(12), np.arange(12) % FEATURES] = np.where(np.arange(12) < 6, np.inf, -np.inf)
    whole = np.concatenate([x, extreme])
    for name, kind in [("margin", "margin"), ("prediction", "value")]:
        in_place = booster.inplace_predict(whole, predict_type=kind)
        if not np.array_equal(in_place[: len(x)], expected[name]):
            print("  prediction in place differs", name)
            return x
        expected[name] = in_place
    return whole


def write_importance(name, booster):
    """What the library sums over the splits of each feature; also for a file, `python recipe.py --importance CASE`."""
    sums = {kind: booster.get_score(importance_type=kind) for kind in ("weight", "total_gain", "total_cover")}
    with open(os.path.join(name, "importance.json"), "w") as file:
        json.dump({"version": VERSION, **sums}, file, indent=2)
        file.write("\n")


def make(name):
    version, kind, parameters, rounds, options = CASES[name]
    booster = train(kind, parameters, rounds, options)
    x = inputs(np.random.default_rng(15), booster, options)
    data = matrix(x, options=options)
    # Before 1.0 dart drops trees at random in predictions too, unless a number of trees is given.
    limit = {"ntree_limit": rounds} if VERSION < "1" and parameters.get("booster") == "dart" else {}
    expected = {"prediction": booster.predict(data, **limit), "margin": booster.predict(data, output_margin=True, **limit)}
    is_linear = parameters.get("booster") == "gblinear"
    if not is_linear and rounds:
        expected["leaf_index"] = booster.predict(data, pred_leaf=True).reshape(len(x), -1).astype(np.int32)
    if not is_linear and parameters.get("booster") != "dart":
        x = with_infinities(booster, x, expected, options)
    os.makedirs(name, exist_ok=True)
    files = ["model.json"] if not options.get("ubj") else ["model.ubj"]
    if options.get("both"):
        files = ["model.json", "model.ubj"]
    if options.get("attributes"):
        booster.set_attr(note="made for a test", objective_of_the_study="none")
    if options.get("pickled"):
        files = ["model.bin"]
        with open(os.path.join(name, "model.bin"), "wb") as file:
            file.write(booster.__getstate__()["handle"])
    elif options.get("raw"):
        files = ["model.deprecated"] if VERSION >= "2" else ["model.bin"]
    for file in files if not options.get("pickled") else []:
        booster.save_model(os.path.join(name, file))
    if files == ["model.deprecated"]:
        os.replace(os.path.join(name, "model.deprecated"), os.path.join(name, "model.bin"))
    if options.get("raw") and not is_linear:
        write_importance(name, booster)
    np.savez_compressed(os.path.join(name, "inputs.npz"), X=x.astype(np.float32))
    np.savez_compressed(os.path.join(name, "expected.npz"), **expected)
    case = {
        "format": "xgboost", "producer": "xgboost", "recipe": "../recipe.py",
        "versions": {"xgboost": VERSION, "numpy": np.__version__, "python": platform.python_version()},
        "parameters": parameters, "rounds": rounds,
        "tolerance": {
            "margin": {"ulps": 0, "reason": "a float32 sum in the library's order"},
            "prediction": {
                "rtol": 2.5e-7,
                "reason": "two units in the last place: the library's expf is not correctly rounded everywhere",
            },
        },
    }
    with open(os.path.join(name, "case.json"), "w") as file:
        json.dump(case, file, indent=2)
        file.write("\n")
    size = sum(os.path.getsize(os.path.join(name, f)) for f in os.listdir(name))
    print(f"{name}: {len(x)} rows, {size} bytes, prediction {expected['prediction'].shape}")
    assert size < 100_000


if __name__ == "__main__":
    if sys.argv[1:2] == ["--importance"]:
        for case_name in sys.argv[2:]:
            write_importance(case_name, xgb.Booster(model_file=os.path.join(case_name, "model.bin")))
        sys.exit()
    for case_name in sys.argv[1:] or [name for name, case in CASES.items() if case[0] == VERSION]:
        make(case_name)
