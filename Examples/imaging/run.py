"""Tells photons from neutral pions, and measures their energy, from images of showers; the model runs in Python by the package."""

import pathlib
import sys

import numpy

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import common
import simulation

IMAGES, BATCH = 4000, 100
EDGES = numpy.array([10, 20, 30, 40, 60])


def width(images):
    """The classical variable: the larger second moment of the image, cells weighted by the logarithm of their energy."""
    flat = images.sum(axis=1).reshape(len(images), -1)
    weight = numpy.maximum(0, 4.5 + numpy.log(flat.clip(1e-9) / flat.sum(axis=1, keepdims=True)))
    weight /= weight.sum(axis=1, keepdims=True)
    y, x = (axis.ravel() * simulation.PITCH for axis in numpy.indices(images.shape[2:]))
    x, y = (axis - (weight @ axis)[:, None] for axis in (x, y))
    xx, yy, xy = ((weight * product).sum(axis=1) for product in (x * x, y * y, x * y))
    return (xx + yy) / 2 + numpy.sqrt((xx - yy) ** 2 / 4 + xy**2)


def main():
    example = common.Example(__file__)
    model = example.load(example.convert("model.onnx"))

    images, energy, is_pion = simulation.images(11, IMAGES)
    parts = [model.run(image=images[start:start + BATCH]) for start in range(0, IMAGES, BATCH)]
    found = {name: numpy.concatenate([part[name][:, 0] for part in parts]) for name in parts[0]}
    one = model.run(image=images[:1])
    print(f"one image alone and among {BATCH}: " + ", ".join(
        f"{name} {'the same bits' if one[name][0, 0] == found[name][0] else 'differs'}" for name in one))

    scores = {"width": width(images), "network": found["pion"]}
    print(f"{IMAGES} images, {is_pion.sum()} of them pions")
    for name, score in scores.items():
        print(f"{name}: area under curve {common.area_under_curve(score, is_pion):.3f}")
    rows = {name: [] for name in scores}
    for low, high in zip(EDGES, EDGES[1:]):
        inside = (energy >= low) & (energy < high)
        for name, score in scores.items():
            # Photons are the signal here: a cut from above that keeps 90 % of them.
            rows[name].append(100 * common.background_at(-score[inside], ~is_pion[inside], 0.9))
        print(f"{low} to {high} GeV, pions kept at 90 % of photons: {rows['width'][-1]:.1f} % by width, {rows['network'][-1]:.1f} % by network")
    summed = images.sum(axis=(1, 2, 3))
    for name, value in (("sum of cells", summed), ("network", found["energy"])):
        ratio = value / energy
        print(f"energy by {name}: median {numpy.median(ratio):.3f} of the true, resolution {100 * common.half_width(ratio) / numpy.median(ratio):.2f} %")

    figure, axes = common.canvas(3, 3.2, 3)
    for axis, kind, name in ((axes[0], ~is_pion, "photon"), (axes[1], is_pion, "pion")):
        chosen = numpy.flatnonzero(kind & (energy > 25) & (energy < 30))[0]
        axis.imshow(numpy.log1p(20 * images[chosen].sum(axis=0)), cmap="viridis", interpolation="nearest")
        axis.set(title=f"{name}, {energy[chosen]:.0f} GeV, score {found['pion'][chosen]:.2f}", xticks=[], yticks=[])
    for name in scores:
        axes[2].plot(numpy.sqrt(EDGES[1:] * EDGES[:-1]), rows[name], "o-", label=name)
    axes[2].set(xlabel="energy [GeV]", ylabel="pions kept at 90 % of photons [%]", ylim=(0, None))
    axes[2].legend()
    example.save(figure)


if __name__ == "__main__":
    main()
