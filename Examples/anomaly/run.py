"""Looks for events unlike QCD by how badly an autoencoder gives them back, from a CSV file."""

import csv
import json
import pathlib
import sys

import numpy

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import common
import simulation

BACKGROUND, SIGNAL, INJECTED = 12000, 2000, 75
TRANSFORMS = {"none": lambda x: x, "log": numpy.log, "sqrt": numpy.sqrt}


def features(events, rules):
    """What the contract makes of the columns, which is what the autoencoder is to give back."""
    columns = []
    for rule in rules:
        x = TRANSFORMS[rule.get("transform", "none")](events[rule["name"]].astype(numpy.float64))
        columns.append(((x - rule["offset"]) * rule["scale"]).clip(*rule["clip"]))
    return numpy.stack(columns, axis=1)


def main():
    example = common.Example(__file__)
    model = example.convert("model.joblib", "--contract", example.folder / "contract.yaml", "--trust-pickle")
    rules = json.loads(common.call(example.septum, "inspect", model, "--json"))["contract"]["inputs"][0]["features"]

    kinds = [simulation.events(11, BACKGROUND, False), simulation.events(12, SIGNAL, True)]
    events = {name: numpy.concatenate([kind[name] for kind in kinds]) for name in simulation.FEATURES}
    is_signal = numpy.arange(BACKGROUND + SIGNAL) >= BACKGROUND
    file = example.out / "events.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(simulation.FEATURES)
        writer.writerows(zip(*(events[name].tolist() for name in simulation.FEATURES)))
    again = numpy.genfromtxt(example.run(model, file, "again.csv"), delimiter=",", names=True)
    given_back = numpy.stack([again[f"{name}_again"] for name in simulation.FEATURES], axis=1)
    error = ((given_back - features(events, rules)) ** 2).mean(axis=1)

    print(f"{BACKGROUND} QCD events, {SIGNAL} of X to two jets of two prongs each; the autoencoder has seen QCD only")
    print(f"median error: {numpy.median(error[~is_signal]):.3f} of QCD, {numpy.median(error[is_signal]):.3f} of X")
    print(f"area under curve: {common.area_under_curve(error, is_signal):.3f} by the error, "
          f"{common.area_under_curve(events['mjj'], is_signal):.3f} by the dijet mass alone")
    cut = numpy.quantile(error[~is_signal], 0.99)
    kept = (error[is_signal] > cut).mean()
    before, after = INJECTED / numpy.sqrt(BACKGROUND), INJECTED * kept / numpy.sqrt(0.01 * BACKGROUND)
    print(f"at 1 % of QCD {100 * kept:.1f} % of X stay; {INJECTED} of them injected: significance {before:.2f} before, {after:.2f} after")

    figure, (left, right) = common.canvas(2)
    bins = numpy.geomspace(0.01, error.max(), 51)
    for kind, name in ((~is_signal, "QCD"), (is_signal, "X")):
        left.hist(error[kind], bins, histtype="step", density=True, label=name)
    left.set(xlabel="mean squared error", ylabel="events", xscale="log", yscale="log")
    left.legend()
    for name, score in (("reconstruction error", error), ("dijet mass", events["mjj"])):
        background, signal = common.curve(score, is_signal)
        right.plot(background[::40], signal[::40], label=name)
    right.plot([0, 1], [0, 1], "k:")
    right.set(xlabel="QCD events kept", ylabel="X events kept")
    right.legend()
    example.save(figure)


if __name__ == "__main__":
    main()
