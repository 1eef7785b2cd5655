"""Makes checkpoints with treelite and records what treelite's own reference inference gives.

    pip install treelite==4.8.1 numpy==2.4.6 xgboost==3.2.0 lightgbm==4.7.0 scikit-learn==1.9.1 && python recipe.py
    pip install treelite==3.9.1 treelite_runtime==3.9.1 "numpy<2" xgboost==1.7.6 lightgbm==3.3.5 scikit-learn==1.2.2 && python recipe.py 3

The second makes the checkpoints of format 3; the first then writes their expected values as well, with treelite 4.8.1.
"""

import json
import platform
import sys
from pathlib import Path

import numpy as np
import treelite

HERE = Path(__file__).parent
FEATURES = 5


def data(seed=0, missing=0.1, rows=400):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, FEATURES))
    x[:, 3] = np.round(x[:, 3] * 2)
    s = x[:, 0] - 0.5 * x[:, 1] * x[:, 2] + 0.3 * x[:, 3]
    x[rng.random(x.shape) < missing] = np.nan
    return x, s


def xgb(objective, y, rounds=6, **parameters):
    import xgboost

    x, s = data()
    matrix = xgboost.DMatrix(x, label=y(s))
    settings = {"objective": objective, "max_depth": 3, "nthread": 1, "base_score": 0.4, **parameters}
    booster = xgboost.train(settings, matrix, rounds)
    if treelite.__version__.startswith("3"):
        return treelite.Model.from_xgboost(booster)
    return treelite.frontend.from_xgboost(booster)


def lgb(objective, y, rounds=6, categories=False, missing=0.1, **parameters):
    import lightgbm

    x, s = data(missing=missing)
    extra = {}
    if categories:
        x[:, 4] = np.arange(len(x)) % 40
        s = np.where(np.isin(x[:, 4], [1, 3, 7, 8, 20]), -s, s)
        extra = {"categorical_feature": [4]}
    settings = {"objective": objective, "num_leaves": 7, "num_threads": 1, "verbosity": -1, "min_data_per_group": 5, "cat_smooth": 1}
    booster = lightgbm.train(settings | parameters, lightgbm.Dataset(x, label=y(s), **extra), rounds)
    if treelite.__version__.startswith("3"):
        return treelite.Model.from_lightgbm(booster)
    return treelite.frontend.from_lightgbm(booster)


def sk(make, y, missing=0.0):
    x, s = data(missing=missing)
    return treelite.sklearn.import_model(make().fit(x, y(s)))


def binary(s):
    return (s > 0.2).astype(float)


def classes(s):
    return np.digitize(s, [-0.5, 0.6]).astype(float)


def real(s):
    return s


def two(s):
    return np.stack([s, s * s], 1)


def forests():
    from sklearn import ensemble

    settings = {"n_estimators": 5, "max_depth": 4, "random_state": 0}
    return {
        "rf_classifier": lambda: sk(lambda: ensemble.RandomForestClassifier(**settings), classes),
        "rf_binary": lambda: sk(lambda: ensemble.RandomForestClassifier(**settings), binary),
        "rf_regressor": lambda: sk(lambda: ensemble.RandomForestRegressor(**settings), real),
        "gb_regressor": lambda: sk(lambda: ensemble.GradientBoostingRegressor(**settings), real),
        "gb_classifier": lambda: sk(lambda: ensemble.GradientBoostingClassifier(**settings), classes),
        "isolation": lambda: sk(lambda: ensemble.IsolationForest(n_estimators=5, random_state=0, max_samples=40), real),
    }


def cases():
    if treelite.__version__.startswith("3"):
        made = {
            "v3_xgb_logistic": lambda: xgb("binary:logistic", binary),
            "v3_xgb_softprob": lambda: xgb("multi:softprob", classes, num_class=3),
            "v3_lgb_multiclass": lambda: lgb("multiclass", classes, num_class=3),
            "v3_lgb_categorical": lambda: lgb("binary", binary, categories=True),
        }
        kept = ["rf_classifier", "rf_regressor"]
        return made | {"v3_" + name: forests()[name] for name in kept}
    from sklearn import ensemble

    extra = {
        "rf_two_targets": lambda: sk(lambda: ensemble.RandomForestRegressor(n_estimators=4, max_depth=3, random_state=0), two),
        "hist_gb": lambda: sk(
            lambda: ensemble.HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=6, random_state=0), binary, missing=0.1
        ),
    }
    return forests() | extra | {
        "xgb_logistic": lambda: xgb("binary:logistic", binary),
        "xgb_softprob": lambda: xgb("multi:softprob", classes, num_class=3),
        "xgb_poisson": lambda: xgb("count:poisson", lambda s: np.round(np.exp(np.clip(s, -2, 2)))),
        "xgb_hinge": lambda: xgb("binary:hinge", binary, base_score=0.0),
        "xgb_two_targets": lambda: xgb("reg:squarederror", two, multi_strategy="multi_output_tree"),
        "xgb_dart": lambda: xgb("reg:squarederror", real, booster="dart", rate_drop=0.5),
        "lgb_binary": lambda: lgb("binary", binary, sigmoid=0.7),
        "lgb_multiclass": lambda: lgb("multiclass", classes, num_class=3),
        "lgb_ova": lambda: lgb("multiclassova", classes, num_class=3),
        "lgb_categorical": lambda: lgb("binary", binary, categories=True),
        "lgb_rf": lambda: lgb("regression", real, boosting="rf", bagging_freq=1, bagging_fraction=0.7),
        "lgb_cross_entropy_lambda": lambda: lgb("cross_entropy_lambda", lambda s: 1 / (1 + np.exp(-s))),
        "lgb_sqrt": lambda: lgb("regression", real, reg_sqrt=True),
    }


def rows(model, is_double):
    x = data(seed=5, missing=0.1, rows=120)[0]
    x[0], x[1], x[2] = np.inf, -np.inf, np.nan
    x[3:40, 4] = np.arange(37) - 3
    x[40:50, 4] = np.linspace(-1.5, 3, 10)
    kind = np.float64 if is_double else np.float32
    x = x.astype(kind)
    extra = []
    for tree in json.loads(model.dump_as_json())["trees"]:
        for node in tree["nodes"]:
            if "threshold" in node:
                t = kind(node["threshold"])
                for value in (t, np.nextafter(t, kind(np.inf)), np.nextafter(t, kind(-np.inf))):
                    row = x[len(extra) % len(x)].copy()
                    row[node["split_feature_id"]] = value
                    extra.append(row)
    return np.concatenate([x, np.array(extra[:600], kind).reshape(-1, FEATURES)])


def classes_of_version_3(model, x, margin):
    """treelite 4 gives such a model one base score and reads beyond it for all classes but the first; here all have the same."""
    dump = json.loads(model.dump_as_json())
    trees = treelite.gtil.predict_per_tree(model, x)
    sums = np.zeros(margin.shape, margin.dtype)
    for i, label in enumerate(dump["class_id"]):
        if label < 0:
            sums[:, 0, :] += trees[:, i, :]
        else:
            sums[:, 0, label] += trees[:, i, 0]
    if dump["average_tree_output"]:
        sums /= margin.dtype.type(len(dump["class_id"]))
    sums += margin.dtype.type(dump["base_scores"][0])
    assert np.array_equal(sums[:, :, 0], margin[:, :, 0])
    if dump["postprocessor"] == "identity_multiclass":
        return sums, sums.copy()
    assert dump["postprocessor"] == "softmax"
    power = np.exp((sums - sums.max(2, keepdims=True)).astype(np.float32))
    return sums, (power / power.sum(2, keepdims=True)).astype(margin.dtype)


def record(folder):
    model = treelite.Model.deserialize(str(folder / "model.treelite"))
    is_double = model.input_type == "float64"
    x = rows(model, is_double)
    margin = treelite.gtil.predict(model, x, pred_margin=True)
    prediction = treelite.gtil.predict(model, x)
    if folder.name.startswith("v3_") and margin.shape[2] > 1:
        margin, prediction = classes_of_version_3(model, x, margin)
    np.savez_compressed(folder / "inputs.npz", X=x)
    np.savez_compressed(folder / "expected.npz", margin=margin, prediction=prediction)
    path = folder / "case.json"
    case = json.loads(path.read_text())
    case["expected_values"] = f"treelite.gtil.predict of treelite {treelite.__version__}"
    case["tolerance"] = {
        "margin": {"rtol": 0, "atol": 0, "reason": "sums in the library's order"},
        "prediction": {
            "rtol": 2e-6 if not is_double or case["postprocessor"] == "softmax" else 4e-15,
            "atol": 1e-7 if not is_double or case["postprocessor"] == "softmax" else 1e-16,
            "reason": "exponentials of another library; treelite's softmax is float32 throughout",
        },
    }
    path.write_text(json.dumps(case, indent=2) + "\n")
    print(folder.name, x.dtype, x.shape, margin.shape, case["postprocessor"])


def main():
    for name, make in cases().items():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        model = make()
        model.serialize(str(folder / "model.treelite"))
        text = model.dump_as_json()
        dump = json.loads(text)
        case = {
            "format": "treelite",
            "producer": "treelite",
            "recipe": "../recipe.py",
            "versions": {"treelite": treelite.__version__, "numpy": np.__version__, "python": platform.python_version()},
            "postprocessor": dump.get("postprocessor") or dump["model_param"]["pred_transform"],
        }
        (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")
    if not treelite.__version__.startswith("3"):
        for folder in sorted(p.parent for p in HERE.glob("*/model.treelite")):
            if folder.parent == HERE:
                record(folder)


if __name__ == "__main__":
    main()
