"""IsolationForest."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import IsolationForest

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = IsolationForest(n_estimators=20, max_samples=64, random_state=1).fit(x, None)
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "IsolationForest", exact=['predict'], reason="the power of two of another mathematical library")
