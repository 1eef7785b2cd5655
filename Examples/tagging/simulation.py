"""Jets of boosted W bosons and of QCD, from a parton shower of a few lines, with a detector's smearing.

Modelled: primary emissions uniform in the Lund plane (logarithms of angle and momentum fraction) down to 1 GeV of transverse
momentum, at fixed coupling, with colour factors of quarks and gluons; emissions of emissions at smaller angles; the two-body decay of a W of
80.4 GeV; pile-up; momentum resolution and granularity for charged and neutral particles.
Not modelled: hadronisation, running coupling, recoil in angle, spin, clustering (particles are the shower's own, within 0.8 of the
axis), displaced decays, particle identification.
"""

import numpy

COUPLING, CUTOFF, RADIUS, W_MASS = 0.25, 1.0, 0.8, 80.4
QUARK, GLUON = 4 / 3, 3.0


def shower(random, jet, pt, eta, phi, colour, angle):
    """The particles of partons that radiate within `angle`: columns jet, pt, eta, phi."""
    particles = []
    while len(jet):
        depth = numpy.log(numpy.maximum(pt * angle / CUTOFF, 1))
        count = random.poisson(2 * COUPLING * colour / numpy.pi * depth**2 / 2)
        parent = numpy.repeat(numpy.arange(len(jet)), count)
        # A uniform point of the triangle: both logarithms are positive and add up to less than the depth.
        first, second = random.random(len(parent)), random.random(len(parent))
        outside = first + second > 1
        first, second = numpy.where(outside, 1 - first, first), numpy.where(outside, 1 - second, second)
        theta = angle[parent] * numpy.exp(-first * depth[parent])
        fraction = 0.5 * numpy.exp(-second * depth[parent])
        azimuth = random.uniform(0, 2 * numpy.pi, len(parent))
        kept = numpy.ones(len(jet))
        numpy.multiply.at(kept, parent, 1 - fraction)
        share = pt / (kept + numpy.bincount(parent, fraction, len(jet)))
        particles.append(numpy.stack([jet, share * kept, eta, phi]))
        jet, pt = jet[parent], share[parent] * fraction
        eta, phi = eta[parent] + theta * numpy.cos(azimuth), phi[parent] + theta * numpy.sin(azimuth)
        colour, angle = numpy.full(len(parent), GLUON), theta
    return numpy.concatenate(particles, axis=1)


def partons(random, count, is_w):
    """What starts each jet's shower: one quark or gluon, or the two quarks of a W."""
    pt = 400 * (1 - random.random(count) * (1 - (400 / 600) ** 4)) ** (-1 / 4)
    colour = numpy.where(random.random(count) < 0.5, QUARK, GLUON)
    jet, w = numpy.flatnonzero(~is_w), numpy.flatnonzero(is_w)
    zero = numpy.zeros(len(jet))
    single = [jet, pt[jet], zero, zero, colour[jet], zero + RADIUS]
    share, azimuth = random.uniform(0.1, 0.9, len(w)), random.uniform(0, 2 * numpy.pi, len(w))
    opening = W_MASS / (pt[w] * numpy.sqrt(share * (1 - share)))
    parts = [single]
    for part, sign in ((share, 1), (1 - share, -1)):
        away = sign * (1 - part) * opening
        parts.append([w, pt[w] * part, away * numpy.cos(azimuth), away * numpy.sin(azimuth), zero[:1].repeat(len(w)) + QUARK, opening])
    return [numpy.concatenate(columns) for columns in zip(*parts)]


def detector(random, count, particles):
    """Pile-up, resolution, granularity, thresholds; particles sorted by jet."""
    soft = numpy.repeat(numpy.arange(count), random.poisson(12, count))
    distance, azimuth = RADIUS * numpy.sqrt(random.random(len(soft))), random.uniform(0, 2 * numpy.pi, len(soft))
    pile_up = [soft, 0.5 + random.exponential(0.7, len(soft)), distance * numpy.cos(azimuth), distance * numpy.sin(azimuth)]
    jet, pt, eta, phi = numpy.concatenate([particles, pile_up], axis=1)
    charged = random.random(len(jet)) < 0.62
    pt = pt * numpy.maximum(0.05, 1 + random.normal(size=len(jet)) * numpy.where(charged, 0.01, numpy.hypot(0.05, 0.5 / numpy.sqrt(pt))))
    eta, phi = (numpy.where(charged, x, (numpy.floor(x / 0.02) + 0.5) * 0.02) for x in (eta, phi))
    keep = (pt > 1) & (numpy.hypot(eta, phi) < RADIUS)
    order = numpy.lexsort((-pt[keep], jet[keep]))
    return [column[keep][order] for column in (jet.astype(int), pt, eta, phi, charged)]


def jets(seed, count):
    """Jets with particles: `is_w`, and flat columns of particles with the number of their jet, by falling momentum."""
    random = numpy.random.default_rng(seed)
    is_w = random.random(count) < 0.5
    jet, pt, eta, phi, charged = detector(random, count, shower(random, *partons(random, count, is_w)))
    weight = numpy.bincount(jet, pt, count)
    eta, phi = (x - (numpy.bincount(jet, pt * x, count) / weight)[jet] for x in (eta, phi))
    momentum = [numpy.bincount(jet, pt * f, count) for f in (numpy.cosh(eta), numpy.cos(phi), numpy.sin(phi), numpy.sinh(eta))]
    mass = numpy.sqrt(numpy.maximum(0, momentum[0]**2 - momentum[1]**2 - momentum[2]**2 - momentum[3]**2))
    return {
        "is_w": is_w, "pt": numpy.hypot(momentum[1], momentum[2]), "mass": mass,
        "jet": jet, "particle_pt": pt, "fraction": pt / weight[jet], "eta": eta, "phi": phi, "charge": charged,
    }


def write(path, seed, count):
    """Jets in a ROOT file as an experiment has them: some in each event, particles in a collection of their own. Gives `is_w`."""
    import awkward
    import uproot
    made = jets(seed, count)
    per_event = numpy.random.default_rng(seed + 1).integers(1, 4, count)
    edges = numpy.unique(numpy.minimum(numpy.append(0, numpy.cumsum(per_event)), count))
    jets_in = numpy.diff(edges)
    particles_in = numpy.diff(numpy.searchsorted(made["jet"], edges))
    local = made["jet"] - numpy.repeat(edges[:-1], jets_in)[made["jet"]]
    jet = {"pt": made["pt"], "mass": made["mass"]}
    particle = {"jetIdx": local, **{key: made[name] for key, name in (
        ("pt", "particle_pt"), ("fraction", "fraction"), ("deltaEta", "eta"), ("deltaPhi", "phi"), ("charged", "charge"))}}
    def pack(columns, counts):
        return awkward.zip({
            key: awkward.unflatten(column.astype(numpy.int32 if key == "jetIdx" else numpy.float32), counts)
            for key, column in columns.items()})
    with uproot.recreate(path, compression=uproot.ZLIB(9)) as file:
        content = {"Jet": pack(jet, jets_in), "Particle": pack(particle, particles_in)}
        tree = file.mktree(
            "Events", {name: awkward.type(values).content for name, values in content.items()},
            counter_name=lambda name: "n" + name, field_name=lambda outer, inner: f"{outer}_{inner}" if outer else inner)
        tree.extend(content)
    return made["is_w"]
