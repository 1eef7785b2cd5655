"""A pipeline that ends in a scaler."""

import pathlib
import sys

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(20, 6, 2)
model = make_pipeline(StandardScaler(), RobustScaler(with_scaling=False)).fit(x)
fit.write(__file__, model, probe, "Pipeline of two scalers", exact=["transform"], reason=fit.EXACT)
