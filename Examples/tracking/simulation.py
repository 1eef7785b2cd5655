"""Tracks of charged particles in the barrel of a tracker, as hits on cylinders, and the pairs of hits that may belong together.

Modelled: helices in a field of 2 T from a spread of vertices, curlers that do not reach the outer layers, multiple scattering as a
growing deviation, resolution, hits that were not found, noise hits.
Not modelled: end caps, modules and their overlaps, energy loss, secondaries, clusters of hits that merge.
"""

import numpy

RADII = numpy.array([32, 72, 116, 172, 260, 360, 500, 660, 820, 1020.0])  # mm
FIELD, NOISE, EFFICIENCY, LENGTH = 2.0, 0.10, 0.98, 800.0
FEATURES = ["r", "phi", "z"]


def event(seed, mean=110):
    """Hits of an event: columns layer, r, phi, z, and the particle of each (-1 for noise); momenta of particles."""
    random = numpy.random.default_rng(seed)
    count = random.poisson(mean)
    pt = 0.5 + random.exponential(0.8, count)
    charge, azimuth, eta = random.choice([-1, 1], count), random.uniform(-numpy.pi, numpy.pi, count), random.uniform(-1, 1, count)
    vertex = 40 * random.normal(size=count)
    radius = pt / (0.3 * FIELD) * 1000  # mm of the helix
    layers = []
    for layer, r in enumerate(RADII):
        reached = numpy.flatnonzero(r < 2 * radius)
        turned = numpy.arcsin(r / (2 * radius[reached]))
        scatter = 2e-5 * numpy.sqrt(layer + 1) * r ** 0.5 / pt[reached]
        phi = azimuth[reached] - charge[reached] * turned + (scatter + 0.05 / r) * random.normal(size=len(reached))
        z = vertex[reached] + 2 * radius[reached] * turned * numpy.sinh(eta[reached]) + 0.3 * random.normal(size=len(reached))
        found = (random.random(len(reached)) < EFFICIENCY) & (numpy.abs(z) < LENGTH)
        noise = random.poisson(NOISE * len(reached))
        layers.append((
            numpy.full(found.sum() + noise, layer), numpy.append(phi[found], random.uniform(-numpy.pi, numpy.pi, noise)),
            numpy.append(z[found], random.uniform(-LENGTH, LENGTH, noise)), numpy.append(reached[found], numpy.full(noise, -1)),
        ))
    layer, phi, z, particle = (numpy.concatenate(columns) for columns in zip(*layers))
    phi = (phi + numpy.pi) % (2 * numpy.pi) - numpy.pi
    return {"layer": layer, "r": RADII[layer], "phi": phi, "z": z, "particle": particle, "pt": pt}


def candidates(hits):
    """Pairs of hits on neighbouring layers, or over one layer, that a track of 0.4 GeV from near the origin can join; [2, pairs]."""
    first, second = [], []
    for inner in range(len(RADII)):
        for outer in (inner + 1, inner + 2):
            a, b = numpy.flatnonzero(hits["layer"] == inner), numpy.flatnonzero(hits["layer"] == outer)
            if not len(a) or not len(b):
                continue
            gap = RADII[outer] - RADII[inner]
            turn = numpy.abs((hits["phi"][b][None] - hits["phi"][a][:, None] + numpy.pi) % (2 * numpy.pi) - numpy.pi)
            slope = (hits["z"][b][None] - hits["z"][a][:, None]) / gap
            origin = hits["z"][a][:, None] - RADII[inner] * slope
            keep = (turn < 0.0011 * gap / 2 + 0.01 + 3e-7 * gap**2) & (numpy.abs(origin) < 150) & (numpy.abs(slope) < 1.4)
            one, two = numpy.nonzero(keep)
            first.append(a[one])
            second.append(b[two])
    return numpy.stack([numpy.concatenate(first), numpy.concatenate(second)])


def tensors(hits):
    """The inputs of the network: nodes [hits, 4], pairs [2, pairs] and what a pair's own geometry says, [pairs, 5]."""
    first, second = pairs = candidates(hits)
    nodes = numpy.stack([hits["r"] / 500, numpy.cos(hits["phi"]), numpy.sin(hits["phi"]), hits["z"] / 500], axis=1)
    gap = hits["r"][second] - hits["r"][first]
    turn = (hits["phi"][second] - hits["phi"][first] + numpy.pi) % (2 * numpy.pi) - numpy.pi
    slope = (hits["z"][second] - hits["z"][first]) / gap
    origin = hits["z"][first] - hits["r"][first] * slope
    step = hits["layer"][second] - hits["layer"][first]
    edges = numpy.stack([gap / 100, 1000 * turn / gap, slope, origin / 50, step - 1.0], axis=1)
    return {"nodes": nodes.astype(numpy.float32), "pairs": pairs.astype(numpy.int64), "edges": edges.astype(numpy.float32)}


def truth(hits, pairs):
    """Which pairs join consecutive hits of one particle: neighbours on their track, whether or not a layer was missed."""
    first, second = pairs
    same = (hits["particle"][first] >= 0) & (hits["particle"][first] == hits["particle"][second])
    nearest = numpy.full(len(hits["layer"]), len(RADII))
    numpy.minimum.at(nearest, first[same], hits["layer"][second[same]])
    return same & (hits["layer"][second] == nearest[first])
