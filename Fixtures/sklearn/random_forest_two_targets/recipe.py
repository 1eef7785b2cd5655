"""RandomForestRegressor, two targets, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import RandomForestRegressor

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(40, 6, 2)
model = RandomForestRegressor(n_estimators=7, max_depth=4, random_state=1)
model.fit(x, np.stack([fit.target(x, 3), fit.target(x, 4) * 2], axis=1))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "RandomForestRegressor, two targets", exact=["predict"], reason=fit.EXACT)
