"""RandomTreesEmbedding, with rows on and around every kind of threshold."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import RandomTreesEmbedding

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(40, 6, 2)
model = RandomTreesEmbedding(n_estimators=5, max_depth=4, random_state=1).fit(x)
probe = np.concatenate([probe, fit.edges(model, probe)])
fit.write(__file__, model, probe, "RandomTreesEmbedding", exact=["transform"], reason=fit.EXACT)
