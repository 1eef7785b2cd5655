"""Trees that learned where missing values go, with NaN in a fifth of the rows."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import RandomForestClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
y = fit.labels(x, 2, 3)
random = np.random.default_rng(4)
x[random.random(x.shape) < 0.2] = np.nan
model = RandomForestClassifier(n_estimators=11, max_depth=6, random_state=1).fit(x, y)
probe = np.concatenate([probe, fit.edges(model, probe)])
probe[random.random(probe.shape) < 0.2] = np.nan
fit.write(__file__, model, probe, "RandomForestClassifier, missing values", exact=["predict", "predict_proba"], reason=fit.EXACT)
