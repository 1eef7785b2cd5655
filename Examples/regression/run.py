"""Corrects the energies of photons by a forest, from a Parquet file with names of columns, missing values included."""

import pathlib
import sys

import numpy
import pyarrow
from pyarrow import parquet

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import common
import simulation

PHOTONS = 20000
BRANCHES = {
    "energy": "photon_energy", "eta": "photon_eta", "phi_gap": "photon_phiGap", "r9": "photon_r9", "width_eta": "photon_widthEta",
    "rear_fraction": "photon_rearFraction", "rho": "event_rho", "vertices": "event_vertices", "conversion_radius": "photon_conversionRadius",
}
EDGES = numpy.array([10, 20, 40, 80, 200])


def resolution(ratio):
    """In percent: half the width of the smallest interval of 68.3 % over the median."""
    return 100 * common.half_width(ratio) / numpy.median(ratio)


def main():
    example = common.Example(__file__)
    model = example.convert("model.txt", "--contract", example.folder / "contract.yaml")

    photons = simulation.photons(11, PHOTONS)
    file = example.out / "photons.parquet"
    parquet.write_table(pyarrow.table({BRANCHES[name]: photons[name] for name in simulation.FEATURES}), file)
    correction = parquet.read_table(example.run(model, file, "corrections.parquet"))["log_correction"].to_numpy()

    energy = photons["true_energy"]
    before = photons["energy"] / energy
    after = before * numpy.exp(correction)
    converted = ~numpy.isnan(photons["conversion_radius"])
    print(f"{PHOTONS} photons, {converted.sum()} of them converted")
    print(f"all: median {numpy.median(before):.4f} before, {numpy.median(after):.4f} after; "
          f"resolution {resolution(before):.2f} % before, {resolution(after):.2f} % after")
    rows = []
    for low, high in zip(EDGES, EDGES[1:]):
        inside = (energy >= low) & (energy < high)
        rows.append((resolution(before[inside]), resolution(after[inside])))
        print(f"{low} to {high} GeV: resolution {rows[-1][0]:.2f} % before, {rows[-1][1]:.2f} % after")

    figure, (left, right) = common.canvas(2)
    bins = numpy.linspace(0.75, 1.1, 71)
    for ratio, name in ((before, "measured"), (after, "corrected")):
        left.hist(ratio, bins, histtype="step", label=name)
    left.set(xlabel="energy / true energy", ylabel="photons")
    left.legend()
    for column, name in enumerate(("measured", "corrected")):
        right.plot(numpy.sqrt(EDGES[:-1] * EDGES[1:]), [row[column] for row in rows], "o-", label=name)
    right.set(xlabel="true energy [GeV]", ylabel="resolution [%]", ylim=(0, None))
    common.logarithmic(right, [10, 20, 50, 100])
    right.legend()
    example.save(figure)


if __name__ == "__main__":
    main()
