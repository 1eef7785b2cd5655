"""Two classes, a hyperbolic tangent."""

import pathlib
import sys

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

scaler = StandardScaler()
x, probe = scaler.fit_transform(fit.samples(300, 6, 1)), scaler.transform(fit.samples(50, 6, 2))
model = MLPClassifier((10,), activation="tanh", max_iter=60, random_state=1)
model.fit(x, fit.labels(scaler.inverse_transform(x), 2, 3) == 1)
fit.write(__file__, model, probe, "MLPClassifier, tanh, logistic output, boolean labels", exact=["predict"])
