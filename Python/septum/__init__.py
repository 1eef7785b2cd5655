"""Septum: trained models of any format it reads, run natively on numpy and awkward arrays.

    model = septum.load("tagger.onnx")
    scores = model.run(constituents=particles, jet=jets)["probabilities"]

A model may be used by many threads at once; each gets a context of its own, and Python's lock is released while it runs. Models
are pickled by content, so that Dask, Spark and multiprocessing can ship them. The shared library is found through the
environment variable SEPTUM_LIBRARY, beside this package, or by the system's loader.
"""

from ._importers import from_catboost, from_lightgbm, from_onnx, from_sklearn, from_torch, from_xgboost
from ._library import Code, ModelError, version
from ._model import Jagged, Model, Port, convert, load

__all__ = [
    "Code", "Error", "Jagged", "Model", "ModelError", "Port", "convert", "from_catboost", "from_lightgbm", "from_onnx",
    "from_sklearn", "from_torch", "from_xgboost", "load", "version",
]
__version__ = version()

Error = ModelError
