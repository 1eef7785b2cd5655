"""One target."""

import pathlib
import sys

import numpy as np
from sklearn.linear_model import LinearRegression

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(200, 6, 1), fit.samples(50, 6, 2)
fit.write(__file__, LinearRegression().fit(x, fit.target(x, 3)), probe, "LinearRegression", form="skops")
