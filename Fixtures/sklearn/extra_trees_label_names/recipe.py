"""ExtraTreesClassifier, three outputs whose labels are strings."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(40, 6, 2)
names = np.array(["background", "signal", "unclear"])
y = np.stack([names[fit.labels(x, classes, seed)] for classes, seed in ((3, 3), (2, 4), (2, 5))], axis=1)
model = ExtraTreesClassifier(n_estimators=6, max_depth=4, random_state=1).fit(x, y)
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(
    __file__, model, probe, "ExtraTreesClassifier, three outputs whose labels are strings",
    exact=["predict", "predict_proba_0", "predict_proba_1", "predict_proba_2"], reason=fit.EXACT)
