"""stopped early, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = HistGradientBoostingClassifier(learning_rate=0.9, max_iter=300, max_leaf_nodes=5, early_stopping=True, n_iter_no_change=3, random_state=1).fit(x, fit.labels(x, 2, 3))
probe = np.concatenate([probe, fit.edges(model, probe, wide=True)])
fit.write(__file__, model, probe, "HistGradientBoostingClassifier, stopped early", exact=['predict', 'decision_function'], reason=fit.EXACT)
