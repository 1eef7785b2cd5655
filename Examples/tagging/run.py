"""Tags jets of boosted W bosons by their particles, from a ROOT file with names of branches."""

import pathlib
import sys

import awkward
import numpy
import uproot

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import common
import simulation

JETS = 4000


def scores(path):
    with uproot.open(path) as file:
        return awkward.flatten(file["Events"]["Jet_probW"].array()).to_numpy()


def main():
    example = common.Example(__file__)
    model = example.convert("model.onnx", "--contract", example.folder / "contract.yaml")

    written = example.run(model, example.folder / "sample.root", "sample_scores.root", "--tree", "Events")
    example.compare("jets of sample.root, by branch names", scores(written), numpy.load(example.folder / "sample_scores.npz")["probW"])

    events = example.out / "events.root"
    is_w = simulation.write(events, 11, JETS)
    score = scores(example.run(model, events, "scores.root", "--tree", "Events"))
    with uproot.open(events) as file:
        mass = awkward.flatten(file["Events"]["Jet_mass"].array()).to_numpy()
    by_mass = -numpy.abs(mass - numpy.median(mass[is_w]))
    print(f"{JETS} jets, {is_w.sum()} of them W bosons")
    for name, values in (("mass window", by_mass), ("tagger", score)):
        passed = common.background_at(values, is_w, 0.5)
        print(f"{name}: area under curve {common.area_under_curve(values, is_w):.3f}, QCD jets kept at 50 % of W: {100 * passed:.2f} %")

    figure, (left, right) = common.canvas(2)
    bins = numpy.linspace(0, 1, 41)
    for kind, name in ((is_w, "W"), (~is_w, "QCD")):
        left.hist(score[kind], bins, histtype="step", density=True, label=name)
    left.set(xlabel="score", ylabel="jets", yscale="log")
    left.legend()
    for name, values in (("tagger", score), ("mass window", by_mass)):
        background, signal = common.curve(values, is_w)
        right.plot(signal[::8], background[::8], label=name)
    right.set(xlabel="W jets kept", ylabel="QCD jets kept", yscale="log", ylim=(1e-3, 1))
    right.legend()
    example.save(figure)


if __name__ == "__main__":
    main()
