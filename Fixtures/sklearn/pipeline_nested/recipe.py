"""Scalers inside pipelines inside a pipeline."""

import pathlib
import sys

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import fit

x, probe = fit.samples(300, 6, 1), fit.samples(60, 6, 2)
inner = Pipeline([("robust", RobustScaler()), ("nothing", "passthrough"), ("range", MinMaxScaler())])
model = Pipeline([("standard", StandardScaler()), ("inner", inner),
                  ("boost", GradientBoostingClassifier(n_estimators=10, random_state=1))])
model.fit(x, fit.labels(x, 2, 3))
fit.write(__file__, model, probe, "nested Pipeline with GradientBoostingClassifier", exact=["decision_function", "predict"],
          reason=fit.EXACT)
