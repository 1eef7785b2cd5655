"""A scaler that also keeps NaN."""

import pathlib
import sys

import numpy as np
from sklearn.preprocessing import StandardScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(200, 6, 1), fit.samples(20, 6, 2)
probe[3, 2] = np.nan
fit.write(__file__, StandardScaler().fit(x), probe, "StandardScaler, one NaN", exact=["transform"], reason=fit.EXACT)
