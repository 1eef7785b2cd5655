"""Models from live objects of other libraries, without a file in between.

The object's own library writes it, into memory; Septum reads that as it reads files. No import of another library happens here.
"""

from __future__ import annotations

import io
import pathlib
import pickle
import tempfile
from typing import Any

from . import _torch
from ._library import Code, refused
from ._model import Model, load

__all__ = ["from_catboost", "from_lightgbm", "from_onnx", "from_sklearn", "from_torch", "from_xgboost"]


def from_onnx(model: Any, *, threads: int = 1) -> Model:
    """A model of ONNX: an `onnx.ModelProto`, the bytes of a file, or a path."""
    if hasattr(model, "SerializeToString"):
        model = model.SerializeToString()
    return load(model, name="model.onnx", format="onnx", threads=threads)


def from_xgboost(model: Any, *, threads: int = 1) -> Model:
    """A `Booster`, with the outputs `prediction` and `margin` of `Booster.predict`, or an estimator such as `XGBClassifier`, with
    `predict`, `predict_proba` and `margin`. The margins are XGBoost's bit for bit."""
    expect(model, "xgboost", "a Booster or an estimator of XGBoost")
    if hasattr(model, "save_raw"):
        return load(bytes(model.save_raw("ubj")), name="model.ubj", format="xgboost", threads=threads)
    return load(pickled(model), name="model.pkl", format="xgboost", trust_pickle=True, threads=threads)


def from_lightgbm(model: Any, *, threads: int = 1) -> Model:
    """A `Booster` of LightGBM or the one within an estimator, with the outputs `prediction` and `margin` of `Booster.predict`: up
    to the best round where training stopped early."""
    booster = getattr(model, "booster_", model)
    expect(booster, "lightgbm", "a Booster or a fitted estimator of LightGBM")
    return load(booster.model_to_string().encode(), name="model.lgb", format="lightgbm", threads=threads)


def from_catboost(model: Any, *, threads: int = 1) -> Model:
    """A model of CatBoost, with the outputs `prediction` and `margin`."""
    expect(model, "catboost", "a model of CatBoost")
    with tempfile.TemporaryDirectory() as folder:  # CatBoost writes to files only
        path = pathlib.Path(folder) / "model.cbm"
        model.save_model(str(path), format="cbm")
        return load(path.read_bytes(), name="model.cbm", format="catboost", threads=threads)


def from_sklearn(estimator: Any, *, threads: int = 1) -> Model:
    """A fitted estimator or pipeline of scikit-learn, with the outputs that its methods have, such as `predict_proba`."""
    expect(estimator, "sklearn.base.BaseEstimator", "a fitted estimator of scikit-learn")
    return load(pickled(estimator), name="estimator.pkl", format="sklearn", trust_pickle=True, threads=threads)


def from_torch(
    module: Any, *examples: Any, shapes: dict[str, Any] | None = None, threads: int = 1,
) -> Model:
    """A module of PyTorch, by way of PyTorch's own exporters to ONNX, whose graphs are compared with the module.

    Args:
        module: The module; it is exported as it is for evaluation.
        examples: One tensor for each input. The first dimension may vary and is called "batch".
        shapes: For each input its dimensions, numbers and names, such as {"x": ("batch", "particles", 7)}; in place of
            the rule for examples.

    Raises:
        ModelError: The module fails on the examples, or no exporter gives a graph that agrees with it.
    """
    return _torch.model(module, examples, shapes, threads)


def pickled(value: Any) -> bytes:
    stream = io.BytesIO()
    try:
        pickle.Pickler(stream, 5).dump(value)
    except (AttributeError, TypeError, pickle.PicklingError) as error:
        raise refused(f"the {type(value).__name__} cannot be pickled: {error}", Code.UNSUPPORTED) from error
    return stream.getvalue()


def expect(value: Any, start: str, what: str) -> None:
    """Refuses what has no class, among its own and those that it derives from, whose name starts so."""
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(value).__mro__]
    if not any(name == start or name.startswith(start + ".") for name in names):
        raise refused(f"found a {names[0]}, expected {what}")
