"""BaggingClassifier, trees that never saw a rare class."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import BaggingClassifier
from sklearn.tree import DecisionTreeClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
y = fit.labels(x, 2, 3)
y[:3] = 7
model = BaggingClassifier(DecisionTreeClassifier(max_depth=4), n_estimators=8, max_samples=40, random_state=1).fit(x, y)
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "BaggingClassifier, trees that never saw a rare class", exact=['predict', 'predict_proba'], reason=fit.EXACT)
