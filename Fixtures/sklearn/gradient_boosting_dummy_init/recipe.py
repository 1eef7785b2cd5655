"""GradientBoostingClassifier that starts from DummyClassifier."""

import pathlib
import sys

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = GradientBoostingClassifier(n_estimators=8, init=DummyClassifier(strategy="prior"), random_state=1).fit(x, fit.labels(x, 3, 3))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "GradientBoostingClassifier that starts from DummyClassifier", exact=['predict', 'decision_function'], reason=fit.EXACT)
