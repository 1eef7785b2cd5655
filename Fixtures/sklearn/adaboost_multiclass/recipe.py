"""AdaBoostClassifier, three classes, deeper trees."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=12, learning_rate=0.7, random_state=1).fit(x, fit.labels(x, 3, 3))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "AdaBoostClassifier, three classes, deeper trees", exact=['predict', 'decision_function'], reason=fit.EXACT)
