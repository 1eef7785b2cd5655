"""90 % quantile, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = HistGradientBoostingRegressor(loss="quantile", quantile=0.9, max_iter=8, max_leaf_nodes=8, random_state=1).fit(x, fit.target(x, 3))
probe = np.concatenate([probe, fit.edges(model, probe, wide=True)])
fit.write(__file__, model, probe, "HistGradientBoostingRegressor, 90 % quantile", exact=['predict'], reason=fit.EXACT)
