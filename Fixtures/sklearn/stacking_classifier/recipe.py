"""StackingClassifier, three classes."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = StackingClassifier([
    ("forest", RandomForestClassifier(n_estimators=5, max_depth=4, random_state=1)),
    ("line", LogisticRegression(max_iter=2000)), ("boosting", GradientBoostingClassifier(n_estimators=5, random_state=1)),
], cv=3).fit(x, fit.labels(x, 3, 3))
fit.write(__file__, model, probe, "StackingClassifier, three classes", exact=['predict'], reason=fit.DOT)
