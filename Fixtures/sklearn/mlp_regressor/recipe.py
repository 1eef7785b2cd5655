"""One target, logistic units."""

import pathlib
import sys

import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

scaler = StandardScaler()
x, probe = scaler.fit_transform(fit.samples(300, 6, 1)), scaler.transform(fit.samples(50, 6, 2))
model = MLPRegressor(hidden_layer_sizes=(9, 7), activation="logistic", max_iter=80, random_state=1).fit(x, fit.target(scaler.inverse_transform(x), 3))
fit.write(__file__, model, probe, "MLPRegressor, logistic")
