"""Takes what a pickled XGBoost model holds out of its file, without XGBoost; what it means is decided elsewhere.

Classes of xgboost, and of the scikit-learn it was pickled with, are replaced by empty ones that keep the state they are given.
"""

import io
import math
import pickle
import types

REPLACED = ("xgboost", "sklearn")


class Kept:
    """Stands in for an instance of any replaced class."""

    def __init__(self, *arguments, **named):
        pass

    def __setstate__(self, state):
        self.__dict__.update(state if isinstance(state, dict) else {})


class Replacing:
    """An unpickler that replaces classes one by one, which other threads of this interpreter do not notice."""

    def find_class(self, module, name):
        replaced = module.split(".")[0] in REPLACED
        return type(name, (Kept,), {"__module__": module}) if replaced else super().find_class(module, name)


class Unpickler(Replacing, pickle.Unpickler):
    pass


def joblib_load():
    """joblib's load with an unpickler that replaces; the joblib that others use stays as it is."""
    try:
        from joblib import numpy_pickle
    except ModuleNotFoundError:
        return None
    names = dict(vars(numpy_pickle))
    for key, value in vars(numpy_pickle).items():
        if isinstance(value, types.FunctionType) and value.__globals__ is vars(numpy_pickle):
            names[key] = types.FunctionType(value.__code__, names, key, value.__defaults__, value.__closure__)
            names[key].__kwdefaults__ = value.__kwdefaults__
    names["NumpyUnpickler"] = type("NumpyUnpickler", (Replacing, numpy_pickle.NumpyUnpickler), {})
    return names["load"]


def load(path, content):
    """The object in a file, or in bytes that stand in for it."""
    if content is not None and content[:1] == b"\x80" and b"joblib" not in content:
        return Unpickler(io.BytesIO(content)).load()
    load_all = joblib_load() or (lambda stream: Unpickler(stream).load())
    with open(path, "rb") if content is None else io.BytesIO(content) as stream:
        return load_all(stream)


def labels(state):
    """The classes of a classifier in the order of its outputs."""
    for holder in (state, getattr(state.get("_le"), "__dict__", {})):
        if holder.get("classes_") is not None:
            return [item.item() if hasattr(item, "item") else item for item in holder["classes_"]]
    return list(range(int(state["n_classes_"]))) if state.get("n_classes_") else None


def integer(value):
    return None if value is None else int(value)


def read(path, content):
    model = load(path, content)
    kind = type(model).__name__
    if not isinstance(model, Kept) or type(model).__module__.split(".")[0] != "xgboost":
        return {"class": f"{type(model).__module__}.{kind}"}
    state = model.__dict__
    booster = model if kind == "Booster" else state.get("_Booster")
    inner = getattr(booster, "__dict__", {})
    handle = inner.get("handle")
    missing = state.get("missing")
    names = inner.get("feature_names")
    return {
        "class": kind, "buffer": None if handle is None else bytes(handle), "labels": labels(state),
        "best_iteration": integer(state.get("best_iteration")), "best_ntree_limit": integer(state.get("best_ntree_limit")),
        "parallel": integer(state.get("num_parallel_tree")),
        "missing": None if missing is None or (isinstance(missing, float) and math.isnan(missing)) else float(missing),
        "names": [str(name) for name in names] if isinstance(names, (list, tuple)) else None,
    }
