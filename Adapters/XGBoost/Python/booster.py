"""Takes what a pickled XGBoost model holds out of its file, without XGBoost; what it means is decided elsewhere.

Classes of xgboost, and of the scikit-learn it was pickled with, are replaced by empty ones that keep the state they are given.
"""

import importlib.abc
import importlib.machinery
import io
import math
import pickle
import sys
import types

REPLACED = ("xgboost", "sklearn")


class Kept:
    """Stands in for an instance of any replaced class."""

    def __init__(self, *arguments, **named):
        pass

    def __setstate__(self, state):
        self.__dict__.update(state if isinstance(state, dict) else {})


class Replacement(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        kept = type(name, (Kept,), {"__module__": self.__name__})
        setattr(self, name, kept)
        return kept


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in REPLACED else None

    def create_module(self, spec):
        return Replacement(spec.name)

    def exec_module(self, module):
        pass


class Unpickler(pickle.Unpickler):
    """Replaces classes one by one, which other threads of this interpreter do not notice."""

    def find_class(self, module, name):
        replaced = module.split(".")[0] in REPLACED
        return type(name, (Kept,), {"__module__": module}) if replaced else super().find_class(module, name)


def load(path, content):
    """The object in a file, or in bytes that stand in for it."""
    if content is not None and content[:1] == b"\x80" and b"joblib" not in content:
        return Unpickler(io.BytesIO(content)).load()
    try:
        import joblib
    except ModuleNotFoundError:
        joblib = None
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in REPLACED}
    finder = Finder()
    sys.meta_path.insert(0, finder)
    try:
        source = open(path, "rb") if content is None else io.BytesIO(content)
        with source:
            return joblib.load(source) if joblib else pickle.load(source)
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.split(".")[0] in REPLACED]:
            del sys.modules[name]
        sys.modules.update(hidden)


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
