"""Muons in four stations of an endcap, between iron disks behind a solenoid.

Modelled: bending in the solenoid and in the fringe field between stations, both depending on pseudorapidity; multiple scattering and energy
loss in the iron; azimuths to half the pitch of strips, some
of them of another particle; the direction that the first station measures; stations without a hit; a steeply falling spectrum.
Not modelled: showers, pile-up and decays in flight, the timing of hits, ghosts, misalignment, the geometry of chambers.
"""

import numpy

PITCH = 0.003  # rad; two layers of strips give half of it
SCATTERING = 0.0136  # GeV
IRON = numpy.array([160.0, 20.0, 25.0, 25.0])  # radiation lengths before each station: calorimeters and coil, then disks
BENDING = numpy.array([0.0, 0.34, 0.20, 0.09])  # rad GeV between a station and the one before
LOSS = numpy.array([2.5, 0.5, 0.6, 0.6])  # GeV before each station
FEATURES = 8


def muons(seed, count, pt=None):
    """True transverse momenta, weights that make them a spectrum of pt^-4 above 2 GeV, and the features of the trigger."""
    random = numpy.random.default_rng(seed)
    normal = lambda: random.normal(size=count)
    if pt is None:
        pt = 2 * numpy.exp(random.random(count) * numpy.log(100))
    weight = (pt / 2) ** -3.0
    charge = random.choice([-1, 1], count)
    eta = random.uniform(1.25, 2.4, count)
    field = 1.15 - 0.45 * ((eta - 1.25) / 1.15) ** 2

    sine = 1 / numpy.cosh(eta)
    azimuth, direction, momentum = numpy.zeros(count), numpy.zeros(count), pt / sine
    stations, first = [], None
    for iron, bending, loss in zip(IRON, BENDING, LOSS):
        momentum = numpy.maximum(momentum - loss * (1 + 0.15 * numpy.abs(normal())), 0.3)
        tail = numpy.where(random.random(count) < 0.05, 4, 1)
        scale = SCATTERING / momentum * numpy.sqrt(iron) / sine * tail
        # The kick and the displacement that it makes by the next station, in azimuth.
        kick = scale * normal()
        transverse = momentum * sine
        direction = direction + kick * (0.35 if first is None else 1)
        azimuth = azimuth + charge * field * bending / transverse + 0.25 * direction + 0.25 * scale * normal() / numpy.sqrt(3)
        if first is None:
            first = charge * field * 0.25 / transverse + direction + 0.004 * normal()
        wrong = numpy.where(random.random(count) < 0.05, 0.03 * normal(), 0)
        stations.append(numpy.round((azimuth + wrong) / (PITCH / 2)) * PITCH / 2)
    one, two, three, four = stations
    seen = random.random((count, 2)) < (0.93, 0.90)
    features = numpy.stack([
        two - one, numpy.where(seen[:, 0], three - two, 0), numpy.where(seen.all(axis=1), four - three, 0),
        numpy.where(seen[:, 1], four - one, 0), first, eta - 1.8, *seen.T,
    ], axis=1)
    # A muon and its antiparticle are mirror images: the sign of the first difference is taken out.
    sign = numpy.where(features[:, :1] < 0, -1, 1)
    features[:, :5] *= sign * 30
    # Roots spread small bendings over more of the 8-bit steps.
    features[:, :5] = numpy.sign(features[:, :5]) * numpy.sqrt(numpy.abs(features[:, :5]))
    return pt, weight, features.astype(numpy.float32)
