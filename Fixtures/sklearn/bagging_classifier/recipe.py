"""BaggingClassifier, trees on columns of their own, strings for labels."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import BaggingClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = BaggingClassifier(n_estimators=9, max_samples=0.4, max_features=0.6, random_state=1).fit(x, np.array(["b", "c", "light"])[fit.labels(x, 3, 3)])
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "BaggingClassifier, trees on columns of their own, strings for labels", exact=['predict', 'predict_proba'], reason=fit.EXACT)
