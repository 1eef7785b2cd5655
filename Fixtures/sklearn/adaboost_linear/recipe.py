"""AdaBoostRegressor of linear regressions."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import AdaBoostRegressor
from sklearn.linear_model import LinearRegression

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = AdaBoostRegressor(LinearRegression(), n_estimators=6, loss="square", random_state=1).fit(x, fit.target(x, 3))
fit.write(__file__, model, probe, "AdaBoostRegressor of linear regressions", exact=[], reason=fit.DOT)
