"""Checks exported models with onnx's checker and runs them in ONNX Runtime against the results that the fixtures hold.

    roundtrip.py LIST

LIST holds lines `FILE <tab> FIXTURE`, where a fixture is a folder, or `ARCHIVE.npz#CASE`. What disagrees is printed, then the
number of files that do not.
"""

import json
import pathlib
import re
import sys

import numpy as np
import onnx
import onnxruntime

# ONNX Runtime's float32 Sigmoid is an approximation, by up to two units in the last place of 1; the margins agree bit for bit.
APPROXIMATE_SIGMOID = {"binary", "base_score", "base_score_extreme", "early_stopping", "steep", "v1_0_logistic", "v1_7_base_score_extreme"}


class Fixture:
    def __init__(self, place):
        self.place = place
        self.format = "" if "#" in place else pathlib.Path(place).parent.name
        self.case = {} if "#" in place else json.loads((pathlib.Path(place) / "case.json").read_text())

    def events(self):
        """Pairs of inputs and expected outputs, by name."""
        if "#" in self.place:
            archive, case = self.place.split("#")
            items = [(key.split("/"), value) for key, value in load(archive).items() if key.split("/")[0] == case]
            inputs = {key[2]: value for key, value in items if key[1] == "input" and len(key) == 3}
            maps = {(key[2], key[3]): value.tolist() for key, value in items if key[1] == "input" and len(key) == 4}
            for name in {name for name, _ in maps}:
                inputs[name] = dict(zip(maps[name, "keys"], maps[name, "values"], strict=True))
            yield inputs, {key[2]: value for key, value in items if key[1] == "output"}
            return
        for folder in [pathlib.Path(self.place), *sorted(pathlib.Path(self.place).glob("cases/*"))]:
            expected = {key: value for key, value in load(folder / "expected.npz").items() if key != "leaf_index"}
            yield load(folder / "inputs.npz"), expected

    def tolerance(self, name, kind):
        """Relative and absolute; None when the results must agree bit for bit."""
        if kind in "biuOU" or name in self.case.get("exact", []) or (self.format, name) in EXACT:
            return None
        if not self.case:
            return 1e-5, 1e-6
        own = self.case["tolerance"].get(name, self.case["tolerance"])
        if self.format == "tmva" and name == "prediction":
            # Septum gives the Reader's bits; the exponential of ONNX Runtime is another one.
            return max(own["rtol"], 4e-15), max(own["atol"], 5e-16)
        approximate = self.format == "xgboost" and pathlib.Path(self.place).name in APPROXIMATE_SIGMOID
        return own["rtol"], 1.2e-7 if approximate else own.get("atol", 0)


EXACT = [("xgboost", "margin"), ("lightgbm", "margin"), ("catboost", "margin")]
archives = {}


def load(path):
    if path not in archives:
        with np.load(path) as content:
            archives[path] = {name: value.astype(object) if value.dtype.kind == "U" else value for name, value in content.items()}
    return archives[path]


def difference(found, expected, tolerance):
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return f"found {found.dtype}{found.shape}, expected {expected.dtype}{expected.shape}"
    if tolerance is None or expected.dtype.kind not in "fc":
        same = np.array_equal(found, expected, equal_nan=expected.dtype.kind in "fc")
    else:
        same = np.allclose(found, expected, *tolerance, equal_nan=True)
    if same:
        return None
    largest = np.nanmax(np.abs(found.astype(float) - expected.astype(float))) if expected.dtype.kind != "O" else "?"
    return f"{np.sum(found != expected)} of {expected.size} differ, by {largest} at most"


def check(path, fixture, options):
    """What is wrong with a file, None when nothing is."""
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    for inputs, expected in fixture.events():
        if not set(names) >= set(expected):
            return f"has outputs {names}, expected {list(expected)}"
        given = {item.name: inputs[item.name] for item in session.get_inputs()}
        for item in session.get_inputs():
            if item.type == "tensor(int64)" and given[item.name].dtype == object:
                given[item.name] = given[item.name].astype(np.int64)
        results = session.run(names, given)
        for name, found in zip(names, results, strict=True):
            if name not in expected:
                continue
            wrong = difference(found, expected[name], fixture.tolerance(name, expected[name].dtype.kind))
            if wrong:
                return f"{name}: {wrong}"
    return None


def main(path):
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Without it products of 8-bit integers saturate on processors that have AVX2 and no VNNI.
    options.add_session_config_entry("session.x64quantprecision", "1")
    agreeing = 0
    for line in pathlib.Path(path).read_text().splitlines():
        file, place = line.split("\t")
        try:
            wrong = check(file, Fixture(place), options)
        except Exception as error:
            kernel = re.search(r"Could not find an implementation for (\w+)", str(error))
            wrong = f"no kernel for {kernel[1]}" if kernel else str(error).strip().splitlines()[0].split(" was false. ")[-1]
        if wrong:
            print(f"{pathlib.Path(place).name}: {wrong}")
        else:
            agreeing += 1
    print(agreeing)


if __name__ == "__main__":
    main(sys.argv[1])
