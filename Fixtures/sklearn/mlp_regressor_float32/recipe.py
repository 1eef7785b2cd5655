"""Two targets, identity units, weights fitted in float32."""

import pathlib
import sys

import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

scaler = StandardScaler()
x, probe = scaler.fit_transform(fit.samples(300, 6, 1)), scaler.transform(fit.samples(50, 6, 2))
y = fit.target(scaler.inverse_transform(x), 3)
model = MLPRegressor(hidden_layer_sizes=(5,), activation="identity", max_iter=80, random_state=1)
model.fit(x.astype(np.float32), np.stack([y, -y], axis=1).astype(np.float32))
fit.write(__file__, model, probe, "MLPRegressor, identity, float32 weights, two targets, float64 input")
