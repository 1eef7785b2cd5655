"""An autoencoder of QCD events by scikit-learn, and the input contract that brings its features to mean 0 and width 1."""

import pathlib
import sys

import joblib
import numpy
from sklearn.neural_network import MLPRegressor

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipes
import simulation
from contract import feature

TRANSFORMS = {"mjj": "log", "mass1": "log", "mass2": "log", "particles1": "sqrt", "particles2": "sqrt", "width1": "log", "width2": "log"}


def main():
    background = simulation.events(1, 30000, False)
    rules = []
    for name, values in background.items():
        rule = {"name": name, "branch": name, "transform": TRANSFORMS.get(name, "none")}
        plain = feature(rule, values)
        rules.append(rule | {"offset": round(float(plain.mean()), 3), "scale": round(float(1 / plain.std()), 3), "clip": [-8, 8]})
    lines = ["contract: 1", "name: dijet_autoencoder", "inputs:", "  - tensor: X", "    features:"]
    lines += ["      - {name: %(name)s, transform: %(transform)s, offset: %(offset)s, scale: %(scale)s, clip: %(clip)s}" % rule for rule in rules]
    columns = ", ".join(f"{name}_again" for name in simulation.FEATURES)
    lines += ["outputs:", f"  - {{tensor: predict, columns: [{columns}]}}"]
    (HERE / "contract.yaml").write_text("\n".join(lines) + "\n")

    def table(events):
        return numpy.stack([feature(rule, events[rule["name"]]) for rule in rules], axis=1).astype(numpy.float64)

    network = MLPRegressor(hidden_layer_sizes=(24, 4, 24), activation="tanh", alpha=1e-5, batch_size=256, max_iter=25, tol=0, random_state=1)
    network.fit(table(background), table(background))
    joblib.dump(network, HERE / "model.joblib", compress=9)
    inputs = numpy.concatenate([table(simulation.events(2, 200, kind)) for kind in (False, True)])
    recipes.store(HERE, {"X": inputs}, {"predict": network.predict(inputs)})
    recipes.describe(
        HERE, "sklearn", "scikit-learn", ["scikit-learn", "joblib"], 1e-12, 1e-13,
        "float64 sums in another order, another hyperbolic tangent")


if __name__ == "__main__":
    main()
