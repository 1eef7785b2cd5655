"""three classes with strings for labels, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = HistGradientBoostingClassifier(max_iter=6, max_leaf_nodes=8, random_state=1).fit(x, np.array(["b", "c", "light"])[fit.labels(x, 3, 3)])
probe = np.concatenate([probe, fit.edges(model, probe, wide=True)])
fit.write(__file__, model, probe, "HistGradientBoostingClassifier, three classes with strings for labels", exact=['predict', 'decision_function'], reason=fit.EXACT)
