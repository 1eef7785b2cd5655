"""A regression of ln(true energy / measured energy) by LightGBM."""

import pathlib
import sys

import lightgbm
import numpy

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipes
import simulation


def table(columns):
    return numpy.stack([columns[name] for name in simulation.FEATURES], axis=1)


def main():
    sample = simulation.photons(1, 60000)
    target = numpy.log(sample["true_energy"] / sample["energy"])
    booster = lightgbm.train(
        {"objective": "regression", "metric": "l2", "num_leaves": 24, "learning_rate": 0.1, "min_data_in_leaf": 40, "seed": 1,
         "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1},
        lightgbm.Dataset(table(sample), target, feature_name=simulation.FEATURES), num_boost_round=120)
    booster.save_model(HERE / "model.txt")
    inputs = table(simulation.photons(2, 500)).astype(numpy.float64)
    recipes.store(HERE, {"X": inputs}, {"prediction": booster.predict(inputs), "margin": booster.predict(inputs, raw_score=True)})
    recipes.describe(HERE, "lightgbm", "LightGBM", ["lightgbm"], 0.0, 0.0, "float64 sums of leaves, tree after tree, as the library adds them")


if __name__ == "__main__":
    main()
