"""GradientBoostingClassifier that starts from a tree, two classes."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = GradientBoostingClassifier(n_estimators=8, init=DecisionTreeClassifier(max_depth=3), random_state=1).fit(x, fit.labels(x, 2, 3))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "GradientBoostingClassifier that starts from a tree, two classes", exact=['predict'], reason="init comes first, then the sum of the trees: float64 sums in another order")
