"""Electron showers in a calorimeter of 15 layers and 6 rings around the shower's axis: the slow simulation that a network is to stand in for.

Modelled: a gamma distribution in depth whose maximum and shape fluctuate from shower to shower and go with each other, a core and a
halo that widen with depth and fluctuate, sampling fluctuations in each cell, leakage behind.
Not modelled: particles (the profiles are formulas with fluctuations), the place and angle of incidence, single spots far from the axis, noise.
"""

import numpy
from scipy.special import gammainc

LAYERS, RINGS = numpy.linspace(0, 24, 16), numpy.array([0, 0.5, 1, 1.6, 2.5, 4, 8.0])  # radiation lengths; cm
CRITICAL, SAMPLES = 0.01, 25  # GeV; samples a GeV


def showers(seed, energy):
    """Energies in cells [count, 15, 6] in GeV of showers of the given energies."""
    random = numpy.random.default_rng(seed)
    count = len(energy)
    common, own, lateral = random.normal(size=(3, count))
    logarithm = numpy.log(energy / CRITICAL)
    fluctuation = 1 / (0.6 + 0.25 * logarithm)
    maximum = (logarithm - 0.6) * numpy.exp(0.35 * fluctuation * common)
    shape = 1 + 0.5 * maximum * numpy.exp(0.2 * fluctuation * (0.5 * common + own))
    rate = (shape - 1) / maximum
    depth = numpy.diff(gammainc(shape[:, None], rate[:, None] * LAYERS), axis=1)

    relative = (LAYERS[1:] + LAYERS[:-1])[None, :] / 2 / maximum[:, None]
    core = (0.35 + 0.25 * relative) * numpy.exp(0.1 * lateral)[:, None]
    halo, share = 1.6 + 0.9 * relative, 0.25 + 0.08 * numpy.tanh(relative - 1)
    within = lambda width: RINGS**2 / (RINGS**2 + width[:, :, None] ** 2)
    rings = numpy.diff((1 - share[:, :, None]) * within(core) + share[:, :, None] * within(halo), axis=2)
    return random.poisson(SAMPLES * energy[:, None, None] * depth[:, :, None] * rings) / SAMPLES
