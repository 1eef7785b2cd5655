"""Three classes, two hidden layers."""

import pathlib
import sys

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

scaler = StandardScaler()
x, probe = scaler.fit_transform(fit.samples(300, 6, 1)), scaler.transform(fit.samples(50, 6, 2))
model = MLPClassifier((12, 8), max_iter=60, random_state=1).fit(x, fit.labels(scaler.inverse_transform(x), 3, 3))
fit.write(__file__, model, probe, "MLPClassifier, relu, softmax", exact=["predict"])
