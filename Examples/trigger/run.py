"""Measures muons at the first level of a trigger by an 8-bit network: the rate at each threshold, and what a decision takes."""

import json
import pathlib
import sys

import numpy

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import common
import simulation

MUONS, TOTAL = 200_000, 1000.0  # TOTAL: kHz of muons above 2 GeV
THRESHOLDS = numpy.array([4, 6, 8, 10, 14, 18, 22, 26, 30])
EFFICIENCY = 0.9
BUDGET = 5  # microseconds


def by_one_difference(features, pt=None, table=None):
    """The momentum that the first two stations give, by a table of eta; with `pt`, the table."""
    slot = ((features[:, 5] + 0.55) / 1.15 * 12).astype(int).clip(0, 11)
    bending = features[:, 0].clip(0.1) ** 2
    if table is None:
        return numpy.array([numpy.median((pt * bending)[(slot == i) & (pt > 8) & (pt < 40)]) for i in range(12)])
    return table[slot] / bending


def rates(estimate, pt, weight):
    """For each threshold the rate in kHz of a cut that 90 % of the muons at the threshold pass, and those cuts."""
    cuts = []
    for threshold in THRESHOLDS:
        near = numpy.sort(estimate[numpy.abs(numpy.log(pt / threshold)) < 0.08])
        cuts.append(near[int((1 - EFFICIENCY) * len(near))])
    return numpy.array([TOTAL * weight[estimate >= cut].sum() / weight.sum() for cut in cuts]), cuts


def latency(example, name, model):
    """Every decision timed by itself in real-time mode, on one thread, against a budget."""
    command = ["bench", model, "--inputs", example.out / "one_event.npz", "--seconds", "0.5", "--json"]
    report = json.loads(common.call(example.septum, *command, "--realtime", "--budget-us", BUDGET))
    single, late = report["latencyNanoseconds"], 1e6 * report["overruns"] / report["calls"]
    print(f"{name}, one muon: median {single['p50']:.0f} nanoseconds, p99 {single['p99']:.0f}, p99.9 {single['p99.9']:.0f}; "
          f"{late:.0f} in a million above {BUDGET} us")


def main():
    example = common.Example(__file__)
    model = example.convert("model.onnx")

    table = by_one_difference(*reversed(simulation.muons(10, 60000)[::2]))
    pt, weight, features = simulation.muons(11, MUONS)
    estimates = {
        "one difference": by_one_difference(features, table=table),
        "float32 network": example.tensors(example.folder / "float.onnx", "float", X=features)["log_pt"][:, 0],
        "8-bit network": example.tensors(model, "eight", X=features)["log_pt"][:, 0],
    }
    found = {name: rates(estimate, pt, weight) for name, estimate in estimates.items()}
    true = [TOTAL * weight[pt >= threshold].sum() / weight.sum() for threshold in THRESHOLDS]
    for row in (3, 6):
        print(f"threshold {THRESHOLDS[row]} GeV at {100 * EFFICIENCY:.0f} % efficiency: " + ", ".join(
            f"{name} {found[name][0][row]:.2f} kHz" for name in estimates) + f"; muons above it {true[row]:.2f} kHz")

    numpy.savez(example.out / "one_event.npz", X=features[:1])
    latency(example, "float32", example.folder / "float.onnx")
    latency(example, "8-bit", model)

    figure, (left, right) = common.canvas(2)
    for name, (rate, _) in found.items():
        left.plot(THRESHOLDS, rate, "o-", markersize=3, label=name)
    left.plot(THRESHOLDS, true, "k:", label="muons above the threshold")
    left.set(xlabel="threshold [GeV]", ylabel="rate [kHz]", yscale="log")
    left.legend()
    edges = numpy.geomspace(3, 80, 31)
    for name, estimate in estimates.items():
        passed = estimate >= found[name][1][6]
        share = numpy.histogram(pt[passed], edges)[0] / numpy.histogram(pt, edges)[0]
        right.plot(numpy.sqrt(edges[1:] * edges[:-1]), share, label=name)
    right.axvline(THRESHOLDS[6], color="k", linestyle=":")
    right.set(xlabel="true transverse momentum [GeV]", ylabel=f"efficiency of the {THRESHOLDS[6]} GeV threshold")
    common.logarithmic(right, [3, 5, 10, 20, 50])
    example.save(figure)


if __name__ == "__main__":
    main()
