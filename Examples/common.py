"""What the examples share: finding Septum, converting and verifying a model, curves, and pictures.

Each example has `simulation.py` (seeded events), `recipe.py` (trains, with the library's own expected outputs), `run.py` (Septum
alone) and a page. An example's run.py begins with `example = Example(__file__)`.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[1]


def fail(message):
    sys.exit(f"error: {message}")


def call(*command):
    """Runs a program and gives what it printed; ends with its message when it fails."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        fail(f"$ {' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


class Example:
    """One example's folder, the program that it calls, and the folder that it writes to."""

    def __init__(self, script):
        self.folder = pathlib.Path(script).resolve().parent
        parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
        parser.add_argument("--septum", type=pathlib.Path, default=os.environ.get("SEPTUM"), help="the program; or SEPTUM")
        parser.add_argument("--out", type=pathlib.Path, help="where scores and the picture go; .examples/NAME")
        parser.add_argument("--picture", action="store_true", help="write the picture beside the page")
        self.options = parser.parse_args()
        builds = [ROOT / ".build" / kind / "septum" for kind in ("release", "debug")]
        program = self.options.septum or next((path for path in builds if path.exists()), None)
        if program is None:
            fail("no septum program; build one: swift build -c release --product septum")
        self.septum = pathlib.Path(program).resolve()
        os.environ.setdefault("SEPTUM_PYTHON", sys.executable)  # has what reads ROOT, Parquet and pickles
        self.out = self.options.out or ROOT / ".examples" / self.folder.name
        self.out.mkdir(parents=True, exist_ok=True)
        self.case = json.loads((self.folder / "case.json").read_text())

    def convert(self, model, *options):
        """The model as a .septum file, after its outputs were compared with those that its own library stored."""
        converted = self.out / "model.septum"
        call(self.septum, "convert", self.folder / model, converted, *options)
        tolerance = self.case["tolerance"]
        checks = json.loads(call(
            self.septum, "verify", converted, "--inputs", self.folder / "inputs.npz", "--expected", self.folder / "expected.npz",
            "--rtol", tolerance["rtol"], "--atol", tolerance["atol"], "--json",
        ))["outputs"]
        for check in checks:
            print(
                f"{check['name']}: {check['identical']} of {check['values']} values equal to those of {self.case['library']} bit for bit, "
                f"largest difference {check['maxAbsoluteDifference']:.1e} (allowed: {tolerance['rtol']:g} relative, {tolerance['atol']:g} absolute)"
            )
        return converted

    def compare(self, name, found, expected):
        """Holds values that came another way, such as from a file of events, to the example's tolerance."""
        found, expected, tolerance = numpy.asarray(found), numpy.asarray(expected), self.case["tolerance"]
        if found.shape != expected.shape:
            fail(f"{name}: {found.shape} values, expected {expected.shape}")
        if not numpy.allclose(found, expected, rtol=tolerance["rtol"], atol=tolerance["atol"]):
            fail(f"{name} differs from {self.case['library']} by {numpy.abs(found - expected).max()}")
        print(f"{name}: {found.size} values, largest difference {numpy.abs(found - expected).max():.1e}")

    def run(self, model, source, destination, *options):
        """Scores a file; gives the path of what was written."""
        destination = self.out / destination
        call(self.septum, "run", model, source, "-o", destination, *options)
        return destination

    def tensors(self, model, name="tensors", **arrays):
        """Runs a model on arrays by input name; gives its outputs by name."""
        numpy.savez(self.out / f"{name}_in.npz", **arrays)
        return dict(numpy.load(self.run(model, self.out / f"{name}_in.npz", f"{name}_out.npz")))

    def load(self, model):
        """The model in this process, through the Python package; the library is the one beside the program."""
        os.environ.setdefault("SEPTUM_LIBRARY", str(self.septum.parent / "libSeptumC.so"))
        sys.path.insert(0, str(ROOT / "Python"))
        import septum
        return septum.load(model)

    def save(self, figure):
        """Writes the picture as SVG, the same bytes for the same numbers."""
        path = self.folder / "picture.svg" if self.options.picture else self.out / "picture.svg"
        figure.savefig(path, metadata={"Date": None, "Creator": None}, bbox_inches="tight")
        text = path.read_text()
        path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")
        print(f"picture: {path.name}")


def canvas(columns=1, width=4.2, height=3.2):
    """A figure of one row of axes, without a screen."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "septum", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
        "axes.prop_cycle": matplotlib.cycler(color=["#1b6ca8", "#d1495b", "#66a182", "#edae49", "#8d6a9f"]),
        "legend.frameon": False, "figure.facecolor": "white",
    })
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, columns, figsize=(width * columns, height), layout="constrained", squeeze=False)
    return figure, axes[0]


def logarithmic(axis, ticks):
    """A logarithmic horizontal axis with these ticks, written as plain numbers."""
    axis.set_xscale("log")
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_xticks([], minor=True)


def curve(score, is_signal):
    """Background and signal efficiency at each distinct threshold, from the highest score down."""
    order = numpy.argsort(-score, kind="stable")
    last = numpy.append(numpy.flatnonzero(numpy.diff(score[order])), len(score) - 1)
    signal, background = (numpy.cumsum(kind[order])[last] / kind.sum() for kind in (is_signal, ~is_signal))
    return numpy.append(0, background), numpy.append(0, signal)


def area_under_curve(score, is_signal):
    """The probability that signal scores above background, ties counting half."""
    return numpy.trapezoid(*curve(score, is_signal)[::-1])


def background_at(score, is_signal, efficiency):
    """The share of background that passes where that of signal first reaches `efficiency`."""
    background, signal = curve(score, is_signal)
    return background[numpy.searchsorted(signal, efficiency)]


def half_width(values):
    """Half the width of the smallest interval that holds 68.3 % of the values."""
    ordered = numpy.sort(values)
    count = int(numpy.ceil(0.683 * len(ordered)))
    return (ordered[count - 1:] - ordered[:len(ordered) - count + 1]).min() / 2
