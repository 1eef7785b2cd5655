"""Images of showers of single photons, and of the two photons of a neutral pion, in a calorimeter of small cells.

Modelled: the decay of the pion and the distance of its photons at the calorimeter; spots of energy whose radius follows a core and a halo that
widen with depth and whose depth follows a gamma distribution with a fluctuating maximum; sampling fluctuations, noise, a threshold in each cell.
Not modelled: angles of incidence, conversions and other material before, the magnetic field, pile-up, cells that do not answer.
"""

import numpy

CELLS, PITCH = 16, 0.5             # cells on a side, cm
DISTANCE, PION_MASS = 150.0, 0.135  # cm, GeV
SPOTS = 12                         # spots a GeV: what is sampled
LAYERS = numpy.array([0.0, 5.0, 9.0, 25.0])  # radiation lengths: the channels of an image are three parts in depth


def photons(random, count, is_pion):
    """For each photon the number of its image, energy and place."""
    energy = random.uniform(10, 60, count)
    place = random.uniform(-0.5, 0.5, (count, 2)) * PITCH
    share, angle = random.random(count), random.uniform(0, 2 * numpy.pi, count)
    opening = PION_MASS / (energy * numpy.sqrt(share * (1 - share)))
    lead = numpy.where(is_pion, share, 1)
    parts = []
    for part, sign in ((lead, 1), (1 - lead, -1)):
        away = (sign * (1 - part) * numpy.minimum(opening, 0.04) * DISTANCE)[:, None]
        parts.append((energy * part, place + away * numpy.stack([numpy.cos(angle), numpy.sin(angle)], axis=1)))
    image = numpy.tile(numpy.arange(count), 2)
    return energy, image, *(numpy.concatenate(columns) for columns in zip(*parts))


def images(seed, count):
    """Images [count, 3, 16, 16] in GeV, true energies, and which are pions."""
    random = numpy.random.default_rng(seed)
    is_pion = random.random(count) < 0.5
    energy, image, photon_energy, place = photons(random, count, is_pion)
    spots = random.poisson(photon_energy * SPOTS)
    owner = numpy.repeat(numpy.arange(len(spots)), spots)
    maximum = numpy.log(numpy.maximum(photon_energy, 0.1) / 0.01) - 0.5 + 0.4 * random.normal(size=len(spots))
    depth = random.gamma(1 + 0.5 * numpy.maximum(maximum, 1)[owner], 2.0)
    channel = numpy.searchsorted(LAYERS, depth, "right") - 1
    # r of the density R^2 / (r^2 + R^2)^2 by inversion; one spot in five belongs to the halo.
    width = numpy.where(random.random(len(owner)) < 0.2, 0.9, 0.12 + 0.016 * depth)
    uniform = random.random(len(owner))
    radius, azimuth = width * numpy.sqrt(uniform / (1 - uniform)), random.uniform(0, 2 * numpy.pi, len(owner))
    x = place[owner, 0] + radius * numpy.cos(azimuth)
    y = place[owner, 1] + radius * numpy.sin(azimuth)
    column, row = (numpy.floor(v / PITCH).astype(int) + CELLS // 2 for v in (x, y))
    inside = (channel < 3) & (column >= 0) & (column < CELLS) & (row >= 0) & (row < CELLS)
    cell = ((image[owner] * 3 + channel) * CELLS + row) * CELLS + column
    shape = (count, 3, CELLS, CELLS)
    content = numpy.bincount(cell[inside], minlength=numpy.prod(shape)).reshape(shape) / SPOTS
    content = content + 0.015 * random.normal(size=shape)
    return numpy.where(content > 0.045, content, 0).astype(numpy.float32), energy.astype(numpy.float32), is_pion
