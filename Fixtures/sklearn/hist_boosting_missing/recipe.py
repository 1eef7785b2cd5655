"""missing values, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
y = fit.labels(x, 2, 3)
random = np.random.default_rng(4)
x[random.random(x.shape) < 0.2] = np.nan
model = HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=10, min_samples_leaf=5, random_state=1).fit(x, y)
probe = np.concatenate([probe, fit.edges(model, probe, wide=True)])
probe[random.random(probe.shape) < 0.1] = np.nan
fit.write(__file__, model, probe, "HistGradientBoostingClassifier, missing values", exact=['predict', 'decision_function'], reason=fit.EXACT)
