"""Events of two jets: QCD, and now and then a heavy X that decays to two lighter particles of two quarks each.

Modelled: a falling spectrum of dijet masses, jet masses by a Sudakov factor with the colour factors of quarks and gluons, substructure
(the ratio of two- to one-subjettiness) and numbers of particles that go with mass, momentum and colour, angles of exchange and of decay, resolution.
Not modelled: particles (substructure is drawn, not computed), jets beyond two, correlations of colour between jets, pile-up.
"""

import numpy

FEATURES = ["mjj", "delta_eta", "asymmetry"] + [f"{name}{jet}" for jet in (1, 2) for name in ("mass", "tau21_", "particles", "width")]
X_MASS, DAUGHTERS = 3000.0, (500.0, 200.0)


def jet(random, pt, gluon, mass=None):
    """Mass, subjettiness ratio, number of particles and width of jets; with `mass`, of two prongs."""
    count = len(pt)
    colour = numpy.where(gluon, 3, 4 / 3)
    logarithm = numpy.sqrt(-2 * numpy.log(random.random(count)) / (0.16 * colour)) + 0.6
    own = pt * numpy.exp(-logarithm / 2)
    if mass is None:
        total = own
        ratio = random.beta(7, 4, count) * (1 - 0.25 * numpy.exp(-((logarithm - 2) ** 2)))
        particles = random.poisson(8 + 5.5 * colour * numpy.log(pt / 50) / 3 * 1.6)
    else:
        total = mass * (1 + 0.06 * random.normal(size=count)) + 0.15 * own * random.random(count)
        ratio = random.beta(3, 12, count)
        particles = random.poisson(10 + 2 * 5.5 * 4 / 3 * numpy.log(pt / 100) / 3 * 1.6)
    width = total / pt * (0.6 + 0.25 * ratio + 0.08 * random.normal(size=count))
    return [total, ratio, particles, numpy.abs(width)]


def events(seed, count, is_signal):
    """Columns by name in float32 of `count` events, all of one kind."""
    random = numpy.random.default_rng(seed)
    if is_signal:
        mjj = X_MASS * (1 + 0.05 * random.normal(size=count))
        cosine = random.uniform(-0.75, 0.75, count)
    else:
        mjj = 2000 * (1 - random.random(count)) ** (-1 / 5.5)
        cosine = numpy.tanh(random.uniform(-1, 1, count) * numpy.arctanh(0.8))
    delta_eta = 2 * numpy.arctanh(numpy.abs(cosine))
    pt = mjj / 2 * numpy.sqrt(1 - cosine**2)
    first, second = (pt * (1 + 0.05 * random.normal(size=count)) for _ in range(2))
    swap = random.random(count) < 0.5
    heavy = [numpy.where(swap, *pair) for pair in (DAUGHTERS, DAUGHTERS[::-1])] if is_signal else [None, None]
    columns = [mjj, delta_eta, numpy.abs(first - second) / (first + second)]
    for momentum, mass in zip((first, second), heavy):
        columns += jet(random, momentum, random.random(count) < 0.55, mass)
    return {name: values.astype(numpy.float32) for name, values in zip(FEATURES, columns)}
