"""A scaler without centring, and a constant column."""

import pathlib
import sys

import numpy as np
from sklearn.preprocessing import StandardScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(200, 6, 1), fit.samples(20, 6, 2)
x[:, 4] = 3
model = StandardScaler(with_mean=False).fit(x)
fit.write(__file__, model, probe, "StandardScaler(with_mean=False), constant column", exact=["transform"], reason=fit.EXACT, form="pkl")
