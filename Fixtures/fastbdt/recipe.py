"""Makes the cases of this folder by hand, in the form FastBDT 5 and basf2 write.

    pip install numpy==2.4.6 && python recipe.py

The expected values come from `predict` below, a transcription of FastBDT's source, not from FastBDT itself:
https://github.com/thomaskeck/FastBDT include/FastBDT.h (Tree::ValueToNode, Forest::GetF, Forest::Analyse), src/Classifier.cxx.
"""

import base64
import json
import platform
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
FEATURES = 4


def forest(rng, trees, depth, probability=True, invalid=0.1):
    made = []
    for _ in range(trees):
        cuts = []
        for _ in range(2**depth - 1):
            value = np.float32(rng.normal())
            if rng.random() < 0.05:
                value = np.float32(-np.inf)
            valid = rng.random() > invalid
            cuts.append((int(rng.integers(FEATURES)), value if valid else np.float32(np.nan), valid, abs(rng.normal())))
        made.append((cuts, rng.normal(size=2 ** (depth + 1) - 1).astype(np.float32)))
    # As the stream prints them, with six digits.
    return {"F0": float(f"{rng.normal():.6g}"), "shrinkage": 0.15, "probability": probability, "trees": made}


def predict(forest, x):
    margin = []
    for row in x:
        f = forest["F0"] / forest["shrinkage"]
        for cuts, weights in forest["trees"]:
            node = 1
            while node <= len(cuts):
                feature, value, valid, _ = cuts[node - 1]
                if not valid or np.isnan(row[feature]):
                    break
                node = 2 * node + int(row[feature] >= value)
            f += float(weights[node - 1])
        margin.append(f * forest["shrinkage"])
    margin = np.array(margin)
    answer = 1.0 / (1.0 + np.exp(-2 * margin)) if forest["probability"] else margin
    return {"margin": margin, "prediction": answer.astype(np.float32)}


def number(value):
    return "nan" if np.isnan(value) else ("-inf" if value < 0 else "inf") if np.isinf(value) else f"{value:.9e}"


def vector(values):
    return " ".join([str(len(values)), *[number(v) for v in values]]) + "\n"


def forest_text(forest):
    lines = [f"{forest['F0']:g}", f"{forest['shrinkage']:g}", str(int(forest["probability"])), str(len(forest["trees"]))]
    for cuts, weights in forest["trees"]:
        lines.append(str(len(cuts)))
        for feature, value, valid, gain in cuts:
            lines += [str(feature), number(value), str(int(valid)), f"{gain:.6e}", ""]
        lines += [vector(weights), vector(np.abs(weights)), vector(np.abs(weights))]
    return "\n".join(lines) + "\n"


def classifier_text(forest, rng):
    binning = [2] * FEATURES
    lines = ["1", str(len(forest["trees"])), "3", " ".join(map(str, [FEATURES, *binning])) + "\n", "0.15", "0.5", "0", "-1"]
    lines += [" ".join(map(str, [FEATURES, *[0] * FEATURES])) + "\n", str(int(forest["probability"])), str(FEATURES)]
    for levels in binning:
        lines += [str(levels), vector(rng.normal(size=2**levels + 1).astype(np.float32))]
    lines += ["0\n", str(FEATURES), str(FEATURES), "0", "1", forest_text(forest)]
    # A forest that was never filled prints what was in memory.
    lines += ["6.91691904177745e-310", "0", "112", "0"]
    return "\n".join(lines) + "\n"


def basf2(text, version):
    values = {
        "method": "FastBDT",
        "weightfile": "MyClassifier",
        "treename": "variables",
        "target_variable": "isSignal",
        "weight_variable": "__weight__",
        "signal_class": 1,
        "max_events": 0,
        "number_feature_variables": FEATURES,
        "variable0": "M",
        "variable1": "chiProb",
        "variable2": "daughter(0, p)",
        "variable3": "useRestFrame(daughter(1, p))",
        "number_spectator_variables": 0,
        "number_data_files": 0,
        "FastBDT_version": version,
        "FastBDT_nTrees": 5,
        "FastBDT_shrinkage": 0.15,
        "FastBDT_Weightfile": base64.b64encode(text.encode()).decode().rstrip("="),
        "signal_fraction": 0.25,
    }
    return '<?xml version="1.0" encoding="utf-8"?>\n' + "".join(f"<{k}>{v}</{k}>\n" for k, v in values.items())


def make(name, seed, write, suffix, **kwargs):
    rng = np.random.default_rng(seed)
    made = forest(rng, 5, 3, **kwargs)
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    (folder / f"model.{suffix}").write_text(write(made, rng))
    x = rng.normal(size=(200, FEATURES)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    for cuts, _ in made["trees"]:
        for feature, value, valid, _ in cuts:
            if valid and np.isfinite(value):
                for v in (value, np.nextafter(value, np.float32(9)), np.nextafter(value, np.float32(-9))):
                    row = rng.normal(size=FEATURES).astype(np.float32)
                    row[feature] = v
                    x = np.concatenate([x, row[None]])
    x[0], x[1], x[2] = np.inf, -np.inf, np.nan
    np.savez_compressed(folder / "inputs.npz", X=x)
    np.savez_compressed(folder / "expected.npz", **predict(made, x))
    case = {
        "format": "fastbdt",
        "producer": "by hand, in the form FastBDT 5 and basf2 write",
        "recipe": "../recipe.py",
        "versions": {"numpy": np.__version__, "python": platform.python_version()},
        "expected_values": "a transcription of FastBDT's source, not FastBDT itself",
        "tolerance": {
            "margin": {"rtol": 0, "atol": 0, "reason": "sums in the library's order"},
            "prediction": {"rtol": 1.2e-7, "atol": 0, "reason": "exp of another library, rounded to float32"},
        },
    }
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")


if __name__ == "__main__":
    make("classifier", 1, classifier_text, "weights")
    make("classifier_raw", 2, classifier_text, "weights", probability=False)
    make("forest", 3, lambda made, rng: forest_text(made), "weights", invalid=0.0)
    make("basf2_classifier", 4, lambda made, rng: basf2(classifier_text(made, rng), 2), "xml")
    make("basf2_forest", 5, lambda made, rng: basf2(forest_text(made), 1), "xml")
