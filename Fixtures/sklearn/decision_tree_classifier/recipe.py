"""DecisionTreeClassifier, three classes, sample weights, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.tree import DecisionTreeClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(40, 6, 2)
model = DecisionTreeClassifier(max_depth=6, random_state=1)
model.fit(x, fit.labels(x, 3, 3), sample_weight=1 + x[:, 3])
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "DecisionTreeClassifier, three classes, sample weights", exact=["predict", "predict_proba"], reason=fit.EXACT)
