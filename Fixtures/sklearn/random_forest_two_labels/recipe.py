"""RandomForestClassifier, two outputs of two and four classes, with missing values."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import RandomForestClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(400, 6, 1), fit.samples(40, 6, 2)
y = np.stack([fit.labels(x, 2, 3), fit.labels(x, 4, 4)], axis=1)
x[::7, 1] = np.nan
probe[::3, 1] = np.nan
model = RandomForestClassifier(n_estimators=7, max_depth=5, random_state=1).fit(x, y)
probe = np.concatenate([probe, fit.edges(model, probe[1::3])])
fit.write(__file__, model, probe, "RandomForestClassifier, two outputs of two and four classes", exact=["predict", "predict_proba_0", "predict_proba_1"], reason=fit.EXACT)
