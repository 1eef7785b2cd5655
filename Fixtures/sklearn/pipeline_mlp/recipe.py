"""Scaler and network, the usual pair."""

import pathlib
import sys

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(50, 6, 2)
model = make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=50, random_state=1)).fit(x, fit.labels(x, 2, 3))
fit.write(__file__, model, probe, "Pipeline of StandardScaler and MLPClassifier", exact=["predict"])
