"""Reads a fitted scikit-learn estimator and describes it as plain data; what it means is decided elsewhere."""

import io
import warnings

import numpy
import sklearn
from sklearn.base import BaseEstimator

# Up to 1.3 the leaves of classifiers hold sums of weights, which predict_proba divides by their sum; since then fractions.
VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
OLD_TREES = VERSION < (1, 4)
# Up to 1.2 a vote of AdaBoost counts for its class and nothing against the others.
OLD_VOTES = VERSION < (1, 3)


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


def isolation(value):
    """For each tree the depth of each node with the mean depth below it that its samples stand for, and the norm of depths."""
    from sklearn.ensemble._iforest import _average_path_length

    lengths = []
    for holder in value.estimators_:
        tree, depths = holder.tree_, numpy.ones(holder.tree_.node_count)
        for node in range(tree.node_count):  # children come after their parents
            for child in (tree.children_left[node], tree.children_right[node]):
                if child >= 0:
                    depths[child] = depths[node] + 1
        lengths.append(depths + _average_path_length(tree.n_node_samples) - 1.0)
    return {"path_lengths": lengths, "path_norm": float(_average_path_length([value._max_samples])[0])}


def histogram(value):
    """What HistGradientBoosting holds under names of its own: trees, categories and where sums start."""
    fields = ("value", "num_threshold", "feature_idx", "left", "right", "missing_go_to_left", "is_leaf", "is_categorical", "bitset_idx")
    trees = [
        [
            {field: numpy.ascontiguousarray(tree.nodes[field]) for field in fields}
            | {"raw_left_cat_bitsets": tree.raw_left_cat_bitsets.ravel()}
            for tree in row
        ]
        for row in value._predictors
    ]
    flags = numpy.zeros(value.n_features_in_, bool) if value.is_categorical_ is None else numpy.asarray(value.is_categorical_)
    encoder = getattr(value, "_preprocessor", None)
    thresholds = value._bin_mapper.bin_thresholds_
    return {
        "baseline": numpy.ravel(value._baseline_prediction).astype(float), "trees": trees, "is_categorical": flags,
        "categories": None if encoder is None else [describe(list_, {}) for list_ in encoder.named_transformers_["encoder"].categories_],
        "known": [thresholds[column] for column in numpy.flatnonzero(flags)],
    }


def calibrated(fold, attributes):
    """A classifier and what calibrates its scores: sigmoids with slopes and offsets, or points to go through."""
    member = fold.estimator if hasattr(fold, "estimator") else fold.base_estimator
    sigmoids = [calibrator for calibrator in fold.calibrators if hasattr(calibrator, "a_")]
    lines = [calibrator for calibrator in fold.calibrators if hasattr(calibrator, "X_thresholds_")]
    return {
        "method": fold.method, "estimator": describe(member, attributes),
        "slopes": numpy.array([sigmoid.a_ for sigmoid in sigmoids], float),
        "offsets": numpy.array([sigmoid.b_ for sigmoid in sigmoids], float),
        "lines": [{"x": line.X_thresholds_, "y": line.y_thresholds_, "bounds": [line.X_min_, line.X_max_]} for line in lines],
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
        if kind.startswith("AdaBoost") and hasattr(value, "estimator_weights_"):
            described["attributes"]["weight_sum"] = float(value.estimator_weights_.sum())
            described["attributes"]["balanced"] = not OLD_VOTES
        if kind.startswith("Voting") and hasattr(value, "estimators_"):
            weights = value._weights_not_none
            described["attributes"]["member_weights"] = None if weights is None else numpy.asarray(weights, float)
        if kind == "GradientBoostingClassifier" and VERSION >= (1, 4):
            # How far initial probabilities keep from 0 and 1.
            described["attributes"]["init_margin"] = float(numpy.finfo("f4" if VERSION < (1, 8) else "f8").eps)
        if kind == "CalibratedClassifierCV" and hasattr(value, "calibrated_classifiers_"):
            described["attributes"]["folds"] = [calibrated(fold, attributes) for fold in value.calibrated_classifiers_]
        if kind == "RandomTreesEmbedding" and hasattr(value, "one_hot_encoder_"):
            described["attributes"]["leaves"] = list(value.one_hot_encoder_.categories_)
        if kind == "IsolationForest" and hasattr(value, "estimators_"):
            described["attributes"] |= isolation(value)
        if kind.startswith("HistGradientBoosting") and hasattr(value, "_predictors"):
            described["attributes"]["histogram"] = histogram(value)
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
