"""AdaBoostClassifier, two classes, strings for labels."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import AdaBoostClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = AdaBoostClassifier(n_estimators=15, random_state=1).fit(x, np.array(["signal", "background"])[fit.labels(x, 2, 3)])
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "AdaBoostClassifier, two classes, strings for labels", exact=['predict', 'decision_function'], reason=fit.EXACT)
