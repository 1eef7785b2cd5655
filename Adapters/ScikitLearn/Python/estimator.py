"""Reads a fitted scikit-learn estimator and describes it as plain data; what it means is decided elsewhere."""

import io
import warnings

import numpy
import sklearn
from sklearn.base import BaseEstimator

# Up to 1.3 the leaves of classifiers hold sums of weights, which predict_proba divides by their sum; since then fractions.
OLD_TREES = tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 4)


def load(path, content, form, trusted):
    """The object in a pickle, joblib or skops file, and the types that would have to be trusted first.

    `content` stands in for a file that is only in memory.
    """
    if form == "pickle":
        import joblib

        return joblib.load(path if content is None else io.BytesIO(content)), []
    import skops.io

    if content is None:
        with open(path, "rb") as file:
            content = file.read()
    types = skops.io.get_untrusted_types(data=content)
    return (None, types) if types and not trusted else (skops.io.loads(content, trusted=types), [])


def name(value):
    return f"{type(value).__module__}.{type(value).__qualname__}"


def tree(value):
    nodes, values = value.__getstate__()["nodes"], value.value
    if OLD_TREES and value.max_n_classes > 1:
        total = values.sum(axis=2, keepdims=True)
        values = values / numpy.where(total == 0, 1, total)
    return {
        "left": value.children_left, "right": value.children_right, "feature": value.feature, "threshold": value.threshold,
        "value": values, "missing_left": nodes["missing_go_to_left"] if "missing_go_to_left" in nodes.dtype.names else None,
    }


def describe(value, attributes):
    """Plain data; an estimator becomes its class, parameters and those of its attributes that `attributes` lists for it."""
    if isinstance(value, numpy.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, numpy.ndarray):
        strings = value.dtype.kind == "O" and all(isinstance(item, str) for item in value.ravel())
        return value if strings or value.dtype.kind not in "OV" else describe(value.tolist(), attributes)
    if isinstance(value, (list, tuple)):
        return [describe(item, attributes) for item in value]
    if name(value) == "sklearn.tree._tree.Tree":
        return tree(value)
    if isinstance(value, BaseEstimator) and not isinstance(value, type):
        return estimator(value, attributes)
    return {"object": name(value)}


def estimator(value, attributes):
    kind = type(value).__name__
    own = type(value).__module__.split(".")[0] == "sklearn" and kind in attributes
    described = {"class": kind if own else name(value), "parameters": {}, "attributes": {}}
    if own:
        described["parameters"] = {key: describe(item, attributes) for key, item in value.get_params(deep=False).items()}
        for key in (*attributes[kind], "n_features_in_", "feature_names_in_", "classes_"):
            if hasattr(value, key):
                described["attributes"][key] = describe(getattr(value, key), attributes)
        if kind.startswith("GradientBoosting") and name(getattr(value, "init_", None)).startswith(("sklearn.dummy.", "builtins.str")):
            # The raw prediction before the first tree does not depend on X for these.
            described["attributes"]["raw_init"] = value._raw_predict_init(numpy.zeros((1, value.n_features_in_), "f4"))[0]
    return described


def read(path, content, form, trusted, attributes):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        model, untrusted = load(path, content, form, trusted)
    if untrusted:
        return {"untrusted": untrusted}
    notes = sorted({str(item.message) for item in caught})
    return {"version": sklearn.__version__, "warnings": notes, "model": describe(model, attributes)}
