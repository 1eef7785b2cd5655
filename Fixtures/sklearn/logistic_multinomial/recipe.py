"""Four classes."""

import pathlib
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(400, 6, 1), fit.samples(50, 6, 2)
model = LogisticRegression(max_iter=3000).fit(x, fit.labels(x, 4, 3) * 10 - 5)
fit.write(__file__, model, probe, "LogisticRegression, multinomial, labels -5, 5, 15, 25", exact=["predict"])
