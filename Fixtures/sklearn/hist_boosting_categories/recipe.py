"""two columns of categories, missing values, with categories that were never seen."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
random = np.random.default_rng(6)
x[:, 1], x[:, 4] = random.integers(-2, 9, len(x)) * 10.5, random.integers(0, 30, len(x))
y = (fit.labels(x, 3, 3) + (x[:, 1] > 40) + (x[:, 4] % 3 == 0)) % 3
x[random.random(x.shape) < 0.1] = np.nan
model = HistGradientBoostingClassifier(
    max_iter=8, max_leaf_nodes=12, min_samples_leaf=4, categorical_features=[4, 1], random_state=1)
model.fit(x, y)
probe[:, 1], probe[:, 4] = random.integers(-3, 10, len(probe)) * 10.5, random.integers(-1, 33, len(probe))
probe[:9, 4] = [2.5, -0.0, 1e9, -1e9, 255, 256, 300, np.inf, np.nan]
probe[random.random(probe.shape) < 0.05] = np.nan
fit.write(__file__, model, probe, "HistGradientBoostingClassifier, two columns of categories, missing values", exact=["predict", "decision_function"], reason=fit.EXACT)
