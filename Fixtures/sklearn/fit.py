"""Fits, probes and writes a scikit-learn case."""

import importlib.metadata
import json
import pathlib
import pickle
import platform

import joblib
import numpy as np

METHODS = ("predict", "predict_proba", "decision_function", "score_samples", "transform")
DOT = "float64 sums of products in another order"
EXACT = "comparisons, and float64 sums in the order of scikit-learn"


def samples(rows, features, seed):
    """Columns with the scales and tails of momenta, angles and masses."""
    random = np.random.default_rng(seed)
    columns = [random.exponential(40, rows), random.normal(0, 1.5, rows), random.uniform(-np.pi, np.pi, rows),
               random.gamma(2, 5, rows), random.poisson(6, rows).astype(float), random.normal(91, 3, rows)]
    return np.stack(columns[:features], axis=1)


def labels(x, classes, seed):
    score = np.log1p(x[:, 0]) + x[:, 1] * np.cos(x[:, 2]) + 0.1 * x[:, 3]
    score = score + np.random.default_rng(seed).normal(0, 0.3, len(x))
    return np.digitize(score, np.quantile(score, np.arange(1, classes) / classes))


def target(x, seed):
    noise = np.random.default_rng(seed).normal(0, 0.1, len(x))
    return np.sqrt(x[:, 0]) * np.sin(x[:, 2]) + 0.2 * x[:, 3] + noise


def trees(model):
    """The splits of every tree below a model: columns and thresholds."""
    for row in getattr(model, "_predictors", []):
        for tree in row:
            inner = tree.nodes[(tree.nodes["is_leaf"] == 0) & (tree.nodes["is_categorical"] == 0)]
            yield inner["feature_idx"], inner["num_threshold"]
    holders = np.ravel(getattr(model, "estimators_", [model]))
    columns = getattr(model, "estimators_features_", [None] * len(holders))
    for holder, own in zip(holders, columns):
        if hasattr(holder, "tree_"):
            inner = holder.tree_.children_left >= 0
            feature = holder.tree_.feature[inner]
            yield (feature if own is None else np.asarray(own)[feature]), holder.tree_.threshold[inner]


def edges(model, x, limit=60, wide=False):
    """Rows with a feature on a threshold, and one float32 or float64 step to either side; `wide` for float64 below too."""
    rows, random = [], np.random.default_rng(5)
    for features, thresholds in trees(model):
        for feature, threshold in zip(features, thresholds):
            near = np.float32(threshold)
            for value in (threshold, np.nextafter(threshold, np.inf), near, np.nextafter(near, np.float32(np.inf)),
                          np.nextafter(near, -np.float32(np.inf)), *[np.nextafter(threshold, -np.inf)] * wide):
                row = x[random.integers(len(x))].copy()
                row[feature] = value
                rows.append(row)
    rows = np.array(rows)
    rows = rows[np.isfinite(rows).all(axis=1)]  # a split of missing against present has an infinite threshold
    return rows[random.permutation(len(rows))[:limit]]


def write(file, model, x, description, exact=(), rtol=1e-12, atol=1e-14, reason=DOT, form="joblib"):
    """Writes model.*, inputs.npz, expected.npz and case.json beside the recipe `file`."""
    here = pathlib.Path(file).parent
    if form == "joblib":
        joblib.dump(model, here / "model.joblib", compress=3)
    elif form == "pkl":
        (here / "model.pkl").write_bytes(pickle.dumps(model))
    else:
        import skops.io

        skops.io.dump(model, here / "model.skops")
    outputs = {}
    for method in METHODS:
        if hasattr(model, method):
            found = getattr(model, method)(x)
            # Classifiers of several outputs give a list of probabilities, embeddings a sparse table.
            several = isinstance(found, list)
            for index, one in enumerate(found if several else [found]):
                one = one.toarray() if hasattr(one, "toarray") else one
                outputs[f"{method}_{index}" if several else method] = one.astype("U") if one.dtype.kind == "O" else one
    np.savez_compressed(here / "inputs.npz", X=x)
    np.savez_compressed(here / "expected.npz", **outputs)
    versions = {name: importlib.metadata.version(name) for name in ("scikit-learn", "numpy", "joblib")}
    content = {"format": "sklearn", "producer": "scikit-learn", "versions": versions | {"python": platform.python_version()},
               "tolerance": {"rtol": rtol, "atol": atol, "reason": reason}, "exact": sorted(exact), "description": description}
    (here / "case.json").write_text(json.dumps(content, indent=2) + "\n")
    print(here.name, {key: value.shape for key, value in outputs.items()})
