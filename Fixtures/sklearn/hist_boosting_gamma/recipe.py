"""gamma, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = HistGradientBoostingRegressor(loss="gamma", max_iter=8, max_leaf_nodes=8, random_state=1).fit(x, np.exp(fit.target(x, 3) / 5))
probe = np.concatenate([probe, fit.edges(model, probe, wide=True)])
fit.write(__file__, model, probe, "HistGradientBoostingRegressor, gamma", exact=[], reason=fit.EXACT)
