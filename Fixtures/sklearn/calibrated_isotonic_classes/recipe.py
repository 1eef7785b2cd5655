"""CalibratedClassifierCV by isotonic regression, three classes."""

import pathlib
import sys

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(400, 6, 2)
model = CalibratedClassifierCV(
    GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=1), method="isotonic", cv=3, ensemble=False)
model.fit(x, fit.labels(x, 3, 3))
fit.write(
    __file__, model, probe, "CalibratedClassifierCV of gradient boosting by isotonic regression", exact=["predict"], reason=fit.DOT)
