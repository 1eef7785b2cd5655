"""IsolationForest on columns of their own, with contamination."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import IsolationForest

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
model = IsolationForest(n_estimators=12, max_samples=50, max_features=3, contamination=0.1, random_state=1).fit(x, None)
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "IsolationForest on columns of their own, with contamination", exact=['predict'], reason="the power of two of another mathematical library")
