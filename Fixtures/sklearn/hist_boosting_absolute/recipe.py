"""absolute error, missing values, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
y = fit.target(x, 3)
random = np.random.default_rng(4)
x[random.random(x.shape) < 0.2] = np.nan
model = HistGradientBoostingRegressor(loss="absolute_error", max_iter=8, max_leaf_nodes=8, random_state=1).fit(x, y)
probe = np.concatenate([probe, fit.edges(model, probe, wide=True)])
probe[random.random(probe.shape) < 0.1] = np.nan
fit.write(__file__, model, probe, "HistGradientBoostingRegressor, absolute error, missing values", exact=['predict'], reason=fit.EXACT)
