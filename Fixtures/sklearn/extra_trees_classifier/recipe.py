"""ExtraTreesClassifier, string labels, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(40, 6, 2)
model = ExtraTreesClassifier(n_estimators=9, max_depth=6, random_state=1)
model.fit(x, np.array(["b", "c", "light"])[fit.labels(x, 3, 3)])
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "ExtraTreesClassifier, string labels", exact=["predict", "predict_proba"], reason=fit.EXACT)
