"""RandomForestRegressor, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import RandomForestRegressor

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(40, 6, 2)
model = RandomForestRegressor(n_estimators=13, max_depth=5, random_state=1)
model.fit(x, fit.target(x, 3))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "RandomForestRegressor", exact=["predict"], reason=fit.EXACT)
