"""Simulates showers by the decoder of an autoencoder, the same bits for the same random numbers, beside the slow simulation."""

import pathlib
import sys

import numpy

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import common
import simulation

SHOWERS, ENERGIES = 3000, (15, 40, 90)


def random_numbers(seed, energy, count=SHOWERS):
    """All that is random in the fast simulation, as inputs of the model."""
    random = numpy.random.default_rng(seed)
    latent, noise = (random.normal(size=(count, size)).astype(numpy.float32) for size in (6, 90))
    return {"latent": latent, "noise": noise, "energy": numpy.full((count, 1), energy, numpy.float32)}


def quantities(cells):
    """What a reconstruction would notice of a shower."""
    total = cells.sum(axis=(1, 2))
    layer = (simulation.LAYERS[1:] + simulation.LAYERS[:-1]) / 2
    ring = (simulation.RINGS[1:] + simulation.RINGS[:-1]) / 2
    depth = cells.sum(axis=2) @ layer / total
    return {
        "energy [GeV]": total, "depth [X0]": depth, "length [X0]": numpy.sqrt(cells.sum(axis=2) @ layer**2 / total - depth**2),
        "radius [cm]": cells.sum(axis=1) @ ring / total, "share of the inner ring": cells[:, :, 0].sum(axis=1) / total,
    }


def main():
    example = common.Example(__file__)
    converted = example.convert("model.onnx")

    inputs = random_numbers(1, 40.0, 200)
    cells = example.tensors(converted, **inputs)["cells"]
    model = example.load(converted)
    alone = numpy.concatenate([model.run(**{name: values[i:i + 1] for name, values in inputs.items()})["cells"] for i in range(200)])
    common.call("env", "SEPTUM_ISA=baseline", example.septum, "run", converted, example.out / "tensors_in.npz", "-o", example.out / "baseline.npz")
    baseline = numpy.load(example.out / "baseline.npz")["cells"]
    for name, other in (("one by one", alone), ("by the baseline instructions of the processor", baseline)):
        same = (cells.view(numpy.uint32) == other.view(numpy.uint32)).mean()
        print(f"200 showers at once and {name}: {100 * same:g} % of the values have the same bits")

    figure, axes = common.canvas(3, 3.6, 3)
    for colour, energy in enumerate(ENERGIES):
        slow = simulation.showers(100 + energy, numpy.full(SHOWERS, float(energy)))
        fast = model.run(**random_numbers(energy, energy))["cells"]
        print(f"{energy} GeV, {SHOWERS} showers each, mean and spread, slow | fast:")
        for (name, one), other in zip(quantities(slow).items(), quantities(fast).values()):
            print(f"  {name}: {one.mean():.3f} {one.std():.3f} | {other.mean():.3f} {other.std():.3f}")
        colour = f"C{colour}"
        layer = (simulation.LAYERS[1:] + simulation.LAYERS[:-1]) / 2
        axes[0].stairs(slow.sum(axis=2).mean(axis=0), simulation.LAYERS, color=colour, label=f"{energy} GeV")
        axes[0].plot(layer, fast.sum(axis=2).mean(axis=0), "o", color=colour, markersize=3)
        area = numpy.pi * numpy.diff(simulation.RINGS**2)
        axes[1].stairs(slow.sum(axis=1).mean(axis=0) / area, simulation.RINGS, color=colour)
        axes[1].plot((simulation.RINGS[1:] + simulation.RINGS[:-1]) / 2, fast.sum(axis=1).mean(axis=0) / area, "o", color=colour, markersize=3)
        bins = numpy.linspace(5, 14, 37)
        axes[2].hist(quantities(slow)["depth [X0]"], bins, histtype="step", color=colour)
        count = numpy.histogram(quantities(fast)["depth [X0]"], bins)[0]
        axes[2].plot((bins[1:] + bins[:-1]) / 2, count, "o", color=colour, markersize=3)
    axes[0].set(xlabel="depth [X0]", ylabel="energy in a layer [GeV]", title="lines: slow, points: fast")
    axes[0].legend()
    axes[1].set(xlabel="radius [cm]", ylabel="energy density [GeV/cm²]", yscale="log")
    axes[2].set(xlabel="mean depth of a shower [X0]", ylabel="showers")
    example.save(figure)


if __name__ == "__main__":
    main()
