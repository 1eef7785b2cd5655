"""Nothing but categories, none missing."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

random = np.random.default_rng(6)
x, probe = random.integers(0, 12, (400, 3)).astype(float), random.integers(-1, 14, (120, 3)).astype(float)
y = (x[:, 0] % 3) + 0.5 * (x[:, 1] > 5) - (x[:, 2] % 2)
model = HistGradientBoostingRegressor(max_iter=6, categorical_features=[0, 1, 2], random_state=1).fit(x, y)
fit.write(__file__, model, probe, "HistGradientBoostingRegressor, categories only", exact=["predict"], reason=fit.EXACT)
