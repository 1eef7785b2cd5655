"""AdaBoostClassifier of logistic regressions."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import LogisticRegression

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = AdaBoostClassifier(LogisticRegression(max_iter=1000), n_estimators=5, random_state=1).fit(x, fit.labels(x, 3, 3))
fit.write(__file__, model, probe, "AdaBoostClassifier of logistic regressions", exact=['predict', 'decision_function'], reason=fit.EXACT)
