"""Photons in an electromagnetic calorimeter behind a tracker: what is lost on the way, and what tells of it.

Modelled: material that depends on pseudorapidity, conversions and energy lost in it, the longitudinal profile (a gamma distribution
with fluctuating maximum) and its leakage behind, leakage to the side, gaps between modules, sampling, noise and constant terms,
pile-up under the cluster.
Not modelled: cells (shower shapes are drawn, not summed), the magnetic field but for wider clusters of conversions, ageing, energy scale by channel.
"""

import numpy
from scipy.special import gammainc

DEPTH, CRITICAL = 24.0, 0.01  # radiation lengths, GeV
FEATURES = ["energy", "eta", "phi_gap", "r9", "width_eta", "rear_fraction", "rho", "vertices", "conversion_radius"]


def photons(seed, count):
    """Columns by name in float32; `true_energy` besides the features."""
    random = numpy.random.default_rng(seed)
    normal = lambda: random.normal(size=count)
    energy = 10 * numpy.exp(random.random(count) * numpy.log(20))
    eta = random.uniform(-2.5, 2.5, count)

    material = 0.4 + 1.3 * numpy.exp(-((numpy.abs(eta) - 1.55) / 0.45) ** 2) + 0.12 * eta**2
    travelled = random.exponential(9 / 7, count)
    converted = travelled < material
    traversed = numpy.where(converted, material - travelled, 0)
    lost = 0.012 * traversed * (1 + 0.5 * random.exponential(1, count)) * (30 / energy) ** 0.3

    maximum = numpy.log(energy / CRITICAL) + 0.5 + 0.55 * normal() - 0.6 * traversed
    shape = 1 + 0.5 * maximum.clip(1)
    behind = 1 - gammainc(shape, 0.5 * DEPTH)
    rear = 1 - gammainc(shape, 0.5 * (DEPTH - 5))

    spread = numpy.abs(0.02 + 0.012 * traversed + 0.006 * normal())
    beside = 0.035 + 0.45 * spread * (30 / energy) ** 0.2
    r9 = numpy.clip(1 - 1.1 * beside - 0.01 * numpy.abs(normal()), 0.2, 1)

    gap = random.uniform(0, 0.087, count)  # azimuth between the photon and the nearest gap
    in_gap = 0.18 * numpy.exp(-((gap / 0.006) ** 2)) * (1 + 0.2 * normal())
    in_transition = 0.12 * numpy.exp(-(((numpy.abs(eta) - 1.479) / 0.04) ** 2)) * (1 + 0.2 * normal())

    vertices = random.poisson(40, count)
    rho = numpy.maximum(0, 0.55 * vertices + 2.5 * normal())
    pile_up = numpy.maximum(0, 0.016 * rho * (1 + 0.25 * numpy.abs(eta)) + 0.12 * normal()) * numpy.cosh(eta) ** 0.5

    kept = (1 - lost) * (1 - behind) * (1 - beside) * (1 - in_gap) * (1 - in_transition)
    smeared = 1 + normal() * numpy.hypot(0.028 / numpy.sqrt(energy), 0.005)
    raw = energy * kept * smeared + pile_up + 0.15 * normal()
    radius = numpy.where(converted, numpy.clip(110 * travelled / material + 4 * normal(), 2, 125), numpy.nan)
    columns = {
        "true_energy": energy, "energy": raw, "eta": eta, "phi_gap": gap, "r9": r9,
        "width_eta": 0.010 + 0.08 * spread + 0.0004 * numpy.abs(normal()),
        "rear_fraction": (rear - behind) * (1 + 0.08 * normal()), "rho": rho, "vertices": vertices, "conversion_radius": radius,
    }
    return {name: values.astype(numpy.float32) for name, values in columns.items()}
