"""GradientBoostingClassifier, exponential loss, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(40, 6, 2)
model = GradientBoostingClassifier(n_estimators=20, loss="exponential", random_state=1)
model.fit(x, fit.labels(x, 2, 3))
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "GradientBoostingClassifier, exponential loss", exact=["predict", "decision_function"], reason=fit.EXACT)
