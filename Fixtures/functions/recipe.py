"""Values of the elementary functions by mpmath 1.3.0, with 300 bits: python recipe.py

For each function `name.x`, `name.y` (the value rounded to float64) and `name.rest` (what the rounding lost); for pow also
`pow.exponent`.
"""
import random

import mpmath
import numpy

mpmath.mp.prec = 300
rng = random.Random(4)
LARGEST = 1.7976931348623157e308
EDGES = [0.0, -0.0, float("inf"), -float("inf"), float("nan"), 1.0, -1.0, 5e-324, -5e-324, 2.0**-1022, LARGEST, -LARGEST]


def spread(low, high, count):
    return [rng.uniform(low, high) for _ in range(count)]


def magnitudes(low, high, count):
    """Both signs, evenly in the exponent of two."""
    return [rng.choice((-1, 1)) * rng.uniform(1, 2) * 2.0 ** rng.randint(low, high) for _ in range(count)]


def near(places, count):
    """Some units in the last place around a number."""
    return [place + rng.randint(-20, 20) * numpy.spacing(place) for place in places for _ in range(count)]


FUNCTIONS = {
    "exp": (mpmath.exp, spread(-746, 710, 300) + magnitudes(-60, 3, 200) + near([709.782712893384, -745.1332191019411, -708.4], 5)),
    "expm1": (mpmath.expm1, spread(-50, 710, 150) + spread(-1, 1, 200) + magnitudes(-60, 3, 150)),
    "log": (mpmath.log, [abs(x) for x in magnitudes(-1074, 1023, 200)] + spread(0.5, 2, 200) + near([1.0, 2.0, 0.5], 20)),
    "log10": (mpmath.log10, [abs(x) for x in magnitudes(-1074, 1023, 200)] + spread(0.5, 2, 200) + [1000.0, 1e22, 1e-5]),
    "log1p": (mpmath.log1p, spread(-1, 2, 200) + magnitudes(-60, -2, 200) + [abs(x) for x in magnitudes(0, 1023, 100)]),
    "sin": (mpmath.sin, spread(-10, 10, 200) + magnitudes(-30, 1023, 300)),
    "cos": (mpmath.cos, spread(-10, 10, 200) + magnitudes(-30, 1023, 300)),
    "tan": (mpmath.tan, spread(-10, 10, 200) + magnitudes(-30, 1023, 300)),
    "asin": (mpmath.asin, spread(-1, 1, 200) + magnitudes(-30, -1, 100) + near([1 - 1e-12, -1 + 1e-12, 0.5], 10)),
    "acos": (mpmath.acos, spread(-1, 1, 200) + magnitudes(-30, -1, 100) + near([1 - 1e-12, -1 + 1e-12, 0.5], 10)),
    "atan": (mpmath.atan, spread(-3, 3, 300) + magnitudes(-30, 60, 200)),
    "sinh": (mpmath.sinh, spread(-711, 711, 100) + spread(-3, 3, 200) + magnitudes(-30, 5, 100) + near([710.4758600739439], 5)),
    "cosh": (mpmath.cosh, spread(-711, 711, 100) + spread(-3, 3, 200) + magnitudes(-30, 5, 100) + near([710.4758600739439], 5)),
    "tanh": (mpmath.tanh, spread(-25, 25, 100) + spread(-1, 1, 200) + magnitudes(-30, 4, 100)),
    "asinh": (mpmath.asinh, spread(-3, 3, 200) + magnitudes(-30, 1023, 200)),
    "acosh": (mpmath.acosh, spread(1, 3, 200) + [abs(x) for x in magnitudes(1, 1023, 100)] + near([1.0 + 1e-9], 20)),
    "atanh": (mpmath.atanh, spread(-1, 1, 200) + magnitudes(-30, -1, 200)),
    "erf": (mpmath.erf, spread(-6.5, 6.5, 200) + spread(-1, 1, 150) + magnitudes(-40, 2, 150)),
    "erfc": (mpmath.erfc, spread(-6, 28, 300) + spread(-1, 1, 150) + magnitudes(-40, 2, 50)),
}


def exact(function, *arguments):
    """The value and what rounding it to float64 loses; mpmath knows no -0 and no overflow of float64."""
    try:
        value = function(*map(mpmath.mpf, arguments))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    if isinstance(value, mpmath.mpc) or mpmath.isnan(value):
        return float("nan"), 0.0
    with mpmath.workprec(60):
        rounded = float(value)
    if numpy.isinf(rounded):
        return rounded, 0.0
    return rounded, float(value - mpmath.mpf(rounded))


arrays = {}
for name, (function, points) in FUNCTIONS.items():
    rows = [(x, *e) for x in points if numpy.isfinite(x) and (e := exact(function, x))]
    for key, column in zip(("x", "y", "rest"), zip(*rows)):
        arrays[f"{name}.{key}"] = numpy.array(column)
    # The edges are those of the C standard's annex F, which numpy follows.
    with numpy.errstate(all="ignore"):
        numpy_name = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"}
        if name not in ("erf", "erfc"):
            arrays[f"{name}.edges"] = getattr(numpy, numpy_name.get(name, name))(numpy.array(EDGES))

bases = [abs(x) for x in magnitudes(-20, 20, 200)] + spread(0.9, 1.1, 100) + [-2.0, -3.5, -1.5, 10.0, 0.1]
exponents = spread(-30, 30, 200) + spread(-6000, 6000, 100) + [3.0, -5.0, 1025.0, 22.0, -300.0]
rows = [(x, y, *exact(mpmath.power, x, y)) for x, y in zip(bases, exponents)]
for key, column in zip(("x", "exponent", "y", "rest"), zip(*rows)):
    arrays[f"pow.{key}"] = numpy.array(column)
with numpy.errstate(all="ignore"):
    every = EDGES + [0.5, -0.5, 3.0, -3.0, 2.0**53, 2.0**53 - 1]
    arrays["pow.edges"] = numpy.power.outer(numpy.array(every), numpy.array(every))
arrays["edges"] = numpy.array(EDGES)
arrays["pow.points"] = numpy.array(every)
numpy.savez_compressed("values.npz", **arrays)
