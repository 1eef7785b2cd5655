"""Two classes named by strings, columns named by a data frame."""

import pathlib
import sys

import numpy as np
import pandas
from sklearn.linear_model import LogisticRegression

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 5, 1), fit.samples(50, 5, 2)
frame = pandas.DataFrame(x, columns=["pt", "eta", "phi", "mass", "n_tracks"])
model = LogisticRegression(max_iter=2000).fit(frame, np.array(["background", "signal"])[fit.labels(x, 2, 3)])
fit.write(__file__, model, probe, "LogisticRegression, two string labels, feature names", exact=["predict"])
