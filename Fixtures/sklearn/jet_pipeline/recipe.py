"""A flavour classifier from jet quantities: a scaler and a small neural network in one scikit-learn pipeline.

python recipe.py --training training.root
"""

import argparse
import pathlib
import sys

import joblib
import numpy as np
import pandas
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parents[1]
sys.path.append(str(FIXTURES))
import case
from contract import Contract, flavour

EVENTS = FIXTURES / "events/jets/events.root"
CODES = np.array([5, 4, 0])  # the classes are NanoAOD's hadronFlavour

parser = argparse.ArgumentParser()
parser.add_argument("--training", type=pathlib.Path, required=True, help="made by events/jets/recipe.py --training")
options = parser.parse_args()
contract = Contract(HERE / "contract.yaml")


def table(path):
    return pandas.DataFrame(contract.rows(path)["X"], columns=contract.names("X"))


X, labels = table(options.training), CODES[flavour(options.training)]
held = np.random.default_rng(9).random(len(X)) < 0.2
network = MLPClassifier(hidden_layer_sizes=(32, 16), alpha=1e-4, batch_size=256, max_iter=12, random_state=9)
pipeline = Pipeline([("scaler", StandardScaler()), ("network", network)]).fit(X[~held], labels[~held])
b = list(pipeline.classes_).index(5)
held_out = roc_auc_score(labels[held] == 5, pipeline.predict_proba(X[held])[:, b])
joblib.dump(pipeline, HERE / "model.joblib")


def scores(rows):
    """The features are float32 by contract; the pipeline computes in float64."""
    return {"predict": pipeline.predict(rows), "predict_proba": pipeline.predict_proba(rows)}


events, truth = table(EVENTS).astype("float64"), CODES[flavour(EVENTS)]
np.savez_compressed(HERE / "inputs.npz", X=events[:200].to_numpy())
np.savez_compressed(HERE / "expected.npz", **scores(events[:200]))
result = scores(events)
np.savez_compressed(HERE / "event_scores.npz", **result)
area = roc_auc_score(truth == 5, result["predict_proba"][:, b])
print(f"{len(X)} training jets, held-out AUC {held_out:.4f}, events.root AUC {area:.4f}; classes {pipeline.classes_}")
case.write(
    HERE,
    "sklearn",
    "scikit-learn",
    ["scikit-learn", "joblib", "numpy", "pandas"],
    "Pipeline(StandardScaler, MLPClassifier(32, 16)) over 17 jet quantities, classes 0, 4, 5 (hadronFlavour)",
    1e-9,
    1e-12,
    "float64 sums in another order, and the library's own exp",
    area_under_curve={"held_out": round(float(held_out), 4), "events.root": round(float(area), 4)},
    event_scores="scikit-learn on float32 features by contract.yaml, widened to float64, one row per jet in file order",
)
