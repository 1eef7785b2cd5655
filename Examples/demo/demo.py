"""Scores simulated collision events with models from PyTorch, XGBoost and scikit-learn, and compares with their makers' scores.

Septum does the work in processes of its own: this script only calls its commands, reads what they wrote, and prints a table.
"""

import argparse
import html
import json
import pathlib
import subprocess
import sys
import time

import awkward
import numpy
import uproot

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Fixtures"
EVENTS = FIXTURES / "events" / "jets" / "events.root"

# folder, model file, source, options of the conversion
MODELS = [
    ("onnx/jet_deepsets", "model.onnx", "PyTorch (ONNX)", []),
    ("onnx/jet_particlenet", "model.onnx", "PyTorch (ONNX)", []),
    ("xgboost/jet_classifier", "model.ubj", "XGBoost (UBJSON)", []),
    ("sklearn/jet_pipeline", "model.joblib", "scikit-learn", ["--trust-pickle"]),
]


def call(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"$ {' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def area_under_curve(score, is_signal):
    """The probability that a signal jet scores above a background jet, ties counting half."""
    order = numpy.argsort(score, kind="stable")
    _, first, counts = numpy.unique(score[order], return_index=True, return_counts=True)
    ranks = numpy.empty(len(score))
    ranks[order] = numpy.repeat(first + (counts + 1) / 2, counts)
    signal = is_signal.sum()
    return (ranks[is_signal].sum() - signal * (signal + 1) / 2) / (signal * (len(score) - signal))


def expected_columns(contract, archive):
    """The source library's scores under the names that the contract gives the columns."""
    columns = {}
    for output in contract["outputs"]:
        if output["tensor"] in archive:
            values = archive[output["tensor"]].reshape(len(archive[output["tensor"]]), -1)
            columns |= {name: values[:, index] for index, name in enumerate(output["columns"])}
    return columns


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--septum", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    options = parser.parse_args()
    septum, out = options.septum.resolve(), options.out
    out.mkdir(parents=True, exist_ok=True)

    with uproot.open(EVENTS) as file:
        flavour = awkward.flatten(file["Events"]["Jet_hadronFlavour"].array()).to_numpy()
        event_count = file["Events"].num_entries
    print(f"{EVENTS.relative_to(ROOT)}: {event_count} events, {len(flavour)} jets, {(flavour == 5).sum()} of them b jets\n")

    rows, pictures = [], []
    for folder, file, source, extra in MODELS:
        case = FIXTURES / folder
        name = case.name
        description = json.loads((case / "case.json").read_text())
        tolerance = description["tolerance"]
        converted, scores, plot = out / f"{name}.septum", out / f"{name}.root", out / f"{name}.svg"

        call(septum, "convert", case / file, converted, "--contract", case / "contract.yaml", *extra)
        call(septum, "verify", converted, "--inputs", case / "inputs.npz", "--expected", case / "expected.npz",
             "--rtol", tolerance["rtol"], "--atol", tolerance["atol"])
        summary = json.loads(call(septum, "run", converted, EVENTS, "--tree", "Events", "-o", scores, "--plot", plot, "--json"))

        contract = json.loads(call(septum, "inspect", converted, "--json"))["contract"]
        expected_scores = expected_columns(contract, numpy.load(case / "event_scores.npz"))
        difference, b_score = 0.0, None
        with uproot.open(scores) as written:
            for branch in summary["outputs"]:
                found = awkward.flatten(written["Events"][branch].array()).to_numpy()
                expected = expected_scores.pop(branch.removeprefix("Jet_"), None)
                if expected is None:
                    continue
                if len(found) != len(expected):
                    sys.exit(f"{name}: {len(found)} scores of '{branch}', the source gave {len(expected)}")
                if found.dtype.kind != "f":
                    if not (found == expected).all():
                        sys.exit(f"{name}: '{branch}' differs from {source} for {(found != expected).sum()} jets")
                else:
                    if not numpy.allclose(found, expected, rtol=tolerance["rtol"], atol=tolerance["atol"], equal_nan=True):
                        sys.exit(f"{name}: '{branch}' differs from {source} by {numpy.abs(found - expected).max()}")
                    difference = max(difference, float(numpy.abs(found - expected).max()))
                if branch == "Jet_probb":
                    b_score = found
        if b_score is None or expected_scores:
            sys.exit(f"{name}: {[*expected_scores] or 'probb'} missing among {summary['outputs']}")
        start = time.perf_counter()
        call(septum, "inspect", converted)
        rows.append([
            name, source, f"{difference:.1e}" if difference else "0 (bit for bit)", f"{summary['nanosecondsPerRow']:,.0f}",
            f"{area_under_curve(b_score, flavour == 5):.4f}", f"{(time.perf_counter() - start) * 1000:.0f}",
        ])
        pictures.append(plot)

    heading = ["model", "source", "max difference", "ns per jet", "AUC (b jets)", "process ms"]
    widths = [max(len(row[i]) for row in [heading, *rows]) for i in range(len(heading))]
    for row in [heading, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())

    cells = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heading)
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Septum demo</title>"
        "<style>body{font-family:sans-serif;max-width:60rem;margin:2rem auto}td,th{padding:.3rem .8rem;text-align:left}"
        "svg{width:100%}</style><h1>Jet scores</h1>"
        f"<table><tr>{head}</tr>{cells}</table>" + "".join(picture.read_text() for picture in pictures) + "</html>"
    )
    (out / "index.html").write_text(page)
    print(f"\nscores, converted models and plots are in {out}/ (open {out}/index.html)")


if __name__ == "__main__":
    main()
