"""Two targets."""

import pathlib
import sys

import numpy as np
from sklearn.linear_model import Ridge

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(200, 6, 1), fit.samples(50, 6, 2)
model = Ridge(alpha=2.0).fit(x, np.stack([fit.target(x, 3), fit.target(x, 4) * x[:, 1]], axis=1))
fit.write(__file__, model, probe, "Ridge, two targets")
