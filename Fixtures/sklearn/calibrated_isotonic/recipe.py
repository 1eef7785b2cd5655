"""CalibratedClassifierCV by isotonic regression, two classes."""

import pathlib
import sys

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(400, 6, 1), fit.samples(120, 6, 2)
model = CalibratedClassifierCV(RandomForestClassifier(n_estimators=6, max_depth=4, random_state=1), method="isotonic", cv=3)
model.fit(x, fit.labels(x, 2, 3))
fit.write(
    __file__, model, probe, "CalibratedClassifierCV of forests by isotonic regression", exact=["predict", "predict_proba"],
    reason=fit.EXACT)
