"""A range scaler that clips."""

import pathlib
import sys

import numpy as np
from sklearn.preprocessing import MinMaxScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(200, 6, 1), fit.samples(20, 6, 2) * 2
model = MinMaxScaler(feature_range=(-1, 2), clip=True).fit(x)
fit.write(__file__, model, probe, "MinMaxScaler(feature_range=(-1, 2), clip=True)", exact=["transform"], reason=fit.EXACT)
