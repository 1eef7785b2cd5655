"""CalibratedClassifierCV of a forest, two classes, one fit."""

import pathlib
import sys

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = CalibratedClassifierCV(
    RandomForestClassifier(n_estimators=6, max_depth=4, random_state=1), cv=3, ensemble=False).fit(x, fit.labels(x, 2, 3))
fit.write(__file__, model, probe, "CalibratedClassifierCV of a forest, two classes, one fit", exact=['predict'], reason=fit.DOT)
