"""StackingRegressor."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor, StackingRegressor
from sklearn.linear_model import LinearRegression

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = StackingRegressor([
    ("forest", RandomForestRegressor(n_estimators=5, max_depth=4, random_state=1)),
    ("line", LinearRegression()), ("boosting", GradientBoostingRegressor(n_estimators=5, random_state=1)),
], cv=3).fit(x, fit.target(x, 3))
fit.write(__file__, model, probe, "StackingRegressor", exact=[], reason=fit.DOT)
