"""DecisionTreeClassifier, two outputs of three and two classes."""

import pathlib
import sys

import numpy as np
from sklearn.tree import DecisionTreeClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(40, 6, 2)
model = DecisionTreeClassifier(max_depth=5, random_state=1)
model.fit(x, np.stack([fit.labels(x, 3, 3), 5 + fit.labels(x, 2, 4)], axis=1))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "DecisionTreeClassifier, two outputs of three and two classes", exact=["predict", "predict_proba_0", "predict_proba_1"], reason=fit.EXACT)
