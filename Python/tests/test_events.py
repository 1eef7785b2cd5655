"""Columns of events through contracts, to the bits of the program, and certified models."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import awkward
import numpy
import pandas
import yaml

import septum
from fixtures import BOOSTER, DEEPSETS, FIXTURES

PROGRAM = pathlib.Path(os.environ["SEPTUM_LIBRARY"]).with_name("septum")
EVENTS = FIXTURES / "events" / "jets" / "events.root"


def contract(folder):
    return yaml.safe_load((folder / "contract.yaml").read_text())


def lists():
    """The branches of the events by name, as awkward arrays."""
    import uproot

    tree = uproot.open(EVENTS)["Events"]
    return {name: tree[name].array() for name in tree.keys()}


def jagged(column):
    """The same as a numpy array, or as values and offsets."""
    if column.ndim == 1:
        return awkward.to_numpy(column)
    return septum.Jagged(awkward.to_numpy(awkward.flatten(column)), numpy.cumsum([0, *awkward.num(column)]))


class ScoreTests(unittest.TestCase):
    def test_gives_the_bits_of_the_program(self):
        for folder, file in ((DEEPSETS, "model.onnx"), (BOOSTER, "model.ubj")):
            with self.subTest(folder.name), tempfile.TemporaryDirectory() as place:
                scored = pathlib.Path(place) / "scores.npz"
                command = [PROGRAM, "run", folder / file, EVENTS, "--contract", folder / "contract.yaml", "-o", scored]
                subprocess.run([*command, "--python", sys.executable], check=True, capture_output=True)
                expected = numpy.load(scored)
                model = septum.load(folder / file, contract=contract(folder))
                events = {name: jagged(column) for name, column in lists().items()}
                for found in (model.score(events), septum.load(model.to_bytes()).score(events)):
                    self.assertEqual({name for name in expected if "." not in name}, set(found))
                    for name, column in found.items():
                        self.assertEqual(column.values.tobytes(), expected[name].tobytes())
                        numpy.testing.assert_array_equal(column.offsets, expected[name + ".offsets"])

    def test_takes_tables_of_any_kind(self):
        model = septum.load(BOOSTER / "model.ubj", contract=contract(BOOSTER))
        columns = {name: column for name, column in lists().items() if name.startswith("Jet_")}
        given = {name: jagged(column) for name, column in columns.items()}
        expected = model.score(given)["Jet_margin"]
        ways = (model.score(columns), model.score(awkward.Array(columns)), model.score(**columns), model.score({}, **columns))
        for found in ways:
            self.assertIsInstance(found["Jet_margin"], awkward.Array)
            numpy.testing.assert_array_equal(awkward.to_numpy(awkward.flatten(found["Jet_margin"])), expected.values)
        with self.assertRaisesRegex(septum.ModelError, "no branch 'Jet_pt'"):
            model.score({name: column for name, column in given.items() if name != "Jet_pt"})
        with self.assertRaisesRegex(septum.ModelError, "differ in their numbers of events"):
            model.score(given | {"Jet_pt": septum.Jagged(given["Jet_pt"].values, given["Jet_pt"].offsets[:-1])})
        with self.assertRaisesRegex(septum.ModelError, "the contract needs a list"):
            model.score(given | {"Jet_pt": numpy.zeros(len(given["Jet_pt"].offsets) - 1)})
        with self.assertRaisesRegex(septum.ModelError, "expected a table"):
            model.score(numpy.zeros((3, 2)))

    def test_takes_flat_columns(self):
        model = septum.load(BOOSTER / "model.ubj")
        rows = numpy.load(BOOSTER / "inputs.npz")["X"]
        expected = numpy.load(BOOSTER / "expected.npz")["margin"]
        names = [feature["name"] for feature in model.contract["inputs"][0]["features"]]
        columns = {name: rows[:, index] for index, name in enumerate(names)}
        for table in (columns, pandas.DataFrame(columns), {name: values.astype(">f8") for name, values in columns.items()}):
            numpy.testing.assert_array_equal(model.score(table)["margin"], expected)
        with self.assertRaisesRegex(septum.ModelError, "is <U1|is object|expected one number"):
            model.score(columns | {names[0]: ["x"] * len(rows)})

    def test_a_model_without_contract_is_refused(self):
        with self.assertRaisesRegex(septum.ModelError, "does not say which columns its inputs are"):
            septum.load(DEEPSETS / "model.onnx").score({})


class CertificateTests(unittest.TestCase):
    def test_finds_one_wrong_bit(self):
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "model.septum"
            subprocess.run([PROGRAM, "certify", DEEPSETS / "model.onnx", path], check=True, capture_output=True)
            content = bytearray(path.read_bytes())
        model = septum.load(bytes(content), name="model.septum")
        self.assertIsNone(model.self_test())
        self.assertEqual(model.description["certificate"]["probes"], 3)
        header = int.from_bytes(content[:8], "little")
        for at, words in ((8 + header + (len(content) - header) // 3, "the weights are not those"), (len(content) - 4, "differs in 1")):
            damaged = bytearray(content)
            damaged[at] ^= 1
            with self.assertRaisesRegex(septum.ModelError, words) as raised:
                septum.load(bytes(damaged), name="model.septum").self_test()
            self.assertEqual(raised.exception.code, septum.Code.MISMATCH)

    def test_a_model_without_certificate_is_refused(self):
        with self.assertRaisesRegex(septum.ModelError, "carries no certificate"):
            septum.load(DEEPSETS / "model.onnx").self_test()


if __name__ == "__main__":
    unittest.main()
