"""AdaBoostRegressor, the weighted median of trees."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import AdaBoostRegressor

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = AdaBoostRegressor(n_estimators=13, random_state=1).fit(x, fit.target(x, 3))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "AdaBoostRegressor, the weighted median of trees", exact=['predict'], reason=fit.EXACT)
