"""A b-jet classifier from jet quantities: gradient-boosted trees, missing values left to the trees.

python recipe.py --training training.root
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import xgboost

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parents[1]
sys.path.append(str(FIXTURES))
import case
from contract import Contract, flavour
from sklearn.metrics import roc_auc_score

EVENTS = FIXTURES / "events/jets/events.root"
PARAMETERS = {
    "objective": "binary:logistic",
    "max_depth": 5,
    "eta": 0.15,
    "min_child_weight": 20,
    "gamma": 2.0,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "tree_method": "hist",
    "max_bin": 128,
    "seed": 7,
    "nthread": 1,
}

parser = argparse.ArgumentParser()
parser.add_argument("--training", type=pathlib.Path, required=True, help="made by events/jets/recipe.py --training")
options = parser.parse_args()
contract = Contract(HERE / "contract.yaml")
names = contract.names("X")


def matrix(X, labels=None):
    return xgboost.DMatrix(X, label=labels, feature_names=names, nthread=1)


X, isB = contract.rows(options.training)["X"], flavour(options.training) == 0
held = np.random.default_rng(7).random(len(X)) < 0.2
booster = xgboost.train(PARAMETERS, matrix(X[~held], isB[~held]), num_boost_round=100)
held_out = roc_auc_score(isB[held], booster.predict(matrix(X[held])))
booster.save_model(HERE / "model.json")
booster.save_model(HERE / "model.ubj")

events, truth = contract.rows(EVENTS)["X"], flavour(EVENTS) == 0


def scores(rows):
    return {"prediction": booster.predict(matrix(rows)), "margin": booster.predict(matrix(rows), output_margin=True)}


# Rows on a split's threshold and one float32 step below it, where `<` and `<=` part.
edges = []
for tree in json.loads((HERE / "model.json").read_text())["learner"]["gradient_booster"]["model"]["trees"][:20]:
    for feature, threshold, left in list(zip(tree["split_indices"], tree["split_conditions"], tree["left_children"]))[:7]:
        if left < 0:
            continue
        for value in (np.float32(threshold), np.nextafter(np.float32(threshold), np.float32(-np.inf))):
            edges.append(events[len(edges) % len(events)].copy())
            edges[-1][feature] = value
inputs = np.concatenate([events[:100], np.stack(edges), np.full((1, len(names)), np.nan, np.float32)])
np.savez_compressed(HERE / "inputs.npz", X=inputs)
np.savez_compressed(HERE / "expected.npz", **scores(inputs))
result = scores(events)
np.savez_compressed(HERE / "event_scores.npz", **result)
area = roc_auc_score(truth, result["prediction"])
print(f"{len(X)} training jets, held-out AUC {held_out:.4f}, events.root AUC {area:.4f}; {np.isnan(events).mean():.3f} missing")
case.write(
    HERE,
    "xgboost",
    "xgboost",
    ["xgboost", "numpy"],
    "b against the rest from 17 jet quantities, binary:logistic, 100 trees; model.json and model.ubj are the same booster",
    1e-6,
    1e-7,
    "the margin is a float32 sum in the library's order and must agree bit for bit; the sigmoid within rounding",
    area_under_curve={"held_out": round(float(held_out), 4), "events.root": round(float(area), 4)},
    event_scores="xgboost on float32 features by contract.yaml, one row per jet in file order",
)
