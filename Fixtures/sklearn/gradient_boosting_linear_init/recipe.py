"""GradientBoostingRegressor that starts from a linear regression."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = GradientBoostingRegressor(n_estimators=12, init=LinearRegression(), random_state=1).fit(x, fit.target(x, 3))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "GradientBoostingRegressor that starts from a linear regression", exact=[], rtol=1e-5, atol=1e-6,
          reason="scikit-learn fits and evaluates the linear regression in float32")
