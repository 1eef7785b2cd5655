"""Files that must be refused; error.txt in each folder is how the message begins after the path."""

import pathlib
import pickle
import sys

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import fit

x = fit.samples(40, 3, 1)
y = np.arange(40) % 2
both = np.stack([y, np.arange(40) % 3], axis=1)

CASES = {
    "support_vectors": make_pipeline(StandardScaler(), SVC()).fit(x, y),
    "dictionary": {"model": LogisticRegression().fit(x, y), "threshold": 0.5},
    "array": np.arange(3.0),
    "unfitted": LogisticRegression(),
    "custom_start": GradientBoostingClassifier(n_estimators=2, init=GaussianNB()).fit(x, y),
    "label_sets": MLPClassifier((2,), max_iter=2).fit(x, np.stack([y, 1 - y], axis=1)),
}

for name, model in CASES.items():
    (HERE / name).mkdir(exist_ok=True)
    (HERE / name / "model.pkl").write_bytes(pickle.dumps(model))

(HERE / "truncated").mkdir(exist_ok=True)
(HERE / "truncated" / "model.pkl").write_bytes(pickle.dumps(RandomForestClassifier(n_estimators=2, max_depth=2).fit(x, both))[:500])
