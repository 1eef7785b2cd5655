"""A scaler by quantiles."""

import pathlib
import sys

import numpy as np
from sklearn.preprocessing import RobustScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(200, 6, 1), fit.samples(20, 6, 2)
model = RobustScaler(quantile_range=(10, 90)).fit(x)
fit.write(__file__, model, probe, "RobustScaler(quantile_range=(10, 90))", exact=["transform"], reason=fit.EXACT)
