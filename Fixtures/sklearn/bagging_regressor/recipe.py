"""BaggingRegressor, columns drawn with replacement."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import BaggingRegressor
from sklearn.tree import DecisionTreeRegressor

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = BaggingRegressor(DecisionTreeRegressor(max_depth=5), n_estimators=9, max_features=5, bootstrap_features=True, random_state=1).fit(x, fit.target(x, 3))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "BaggingRegressor, columns drawn with replacement", exact=['predict'], reason=fit.EXACT)
