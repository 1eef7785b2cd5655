"""What may be given to run, and what is refused."""

import unittest

import awkward
import numpy
import pandas

import septum
from fixtures import booster, deepsets


class ArrayTests(unittest.TestCase):
    def test_reads_arrays_as_they_lie(self):
        model, rows, expected = booster()
        wide = numpy.repeat(rows, 2, axis=0)[::2]
        unaligned = numpy.frombuffer(b"x" + rows.tobytes(), "u1")[1:].view("f4").reshape(rows.shape)
        read_only = rows.copy()
        read_only.flags.writeable = False
        self.assertFalse(wide.flags.c_contiguous or unaligned.flags.aligned)
        for given in (wide, numpy.asfortranarray(rows), unaligned, read_only, rows.astype(">f4"), rows.astype("f8"), rows.tolist()):
            numpy.testing.assert_array_equal(model.run(given)["margin"], expected)
        numpy.testing.assert_array_equal(model.run(rows[::-1])["margin"], expected[::-1])
        self.assertEqual(model.run(rows[:0])["margin"].shape, (0,))

    def test_results_do_not_change_with_the_next_run(self):
        model, rows, expected = booster()
        first = model.run(rows)["margin"]
        model.run(rows[::-1])
        numpy.testing.assert_array_equal(first, expected)

    def test_writes_into_given_arrays(self):
        model, rows, expected = booster()
        margin, prediction = numpy.empty(len(rows), "f4"), numpy.empty(len(rows), "f4")
        found = model.run(rows, out={"margin": margin})
        self.assertIs(found["margin"], margin)
        numpy.testing.assert_array_equal(margin, expected)
        margin[:] = 0
        found = model.run(X=rows.astype("f8"), out=[prediction, margin])
        self.assertIs(found["prediction"], prediction)
        numpy.testing.assert_array_equal(margin, expected)
        for wrong in (numpy.empty(len(rows) + 1, "f4"), numpy.empty(len(rows), "f8"), numpy.empty(2 * len(rows), "f4")[::2]):
            with self.assertRaisesRegex(septum.ModelError, "output 'margin'"):
                model.run(rows, out={"margin": wrong})
        read_only = numpy.empty(len(rows), "f4")
        read_only.flags.writeable = False
        with self.assertRaises((BufferError, ValueError)):
            model.run(rows, out={"margin": read_only})
        with self.assertRaisesRegex(septum.ModelError, "1 arrays given for 2 outputs"):
            model.run(rows, out=[margin])
        with self.assertRaisesRegex(septum.ModelError, "2 outputs"):
            model.run(rows, out=margin)

    def test_refuses_what_does_not_fit(self):
        model, inputs, _ = deepsets()
        particles, jet = inputs["constituents"], inputs["jet"]
        for text, arguments, named in (
            ("input 'jet' is missing", (particles,), {}),
            ("input 'constituents': found|constituents", (particles[:, :, :9], jet), {}),
            ("not jets: is it jet?", (particles,), {"jets": jet}),
            ("given twice", (particles, jet), {"constituents": particles}),
            ("3 inputs given", (particles, jet, jet), {}),
            ("not more", ({"constituents": particles, "jet": jet, "more": jet},), {}),
            ("is complex128, expected float32", (particles.astype("c16"), jet), {}),
            ("masked", (particles, numpy.ma.masked_less(jet, 0)), {}),
        ):
            with self.subTest(text), self.assertRaisesRegex(septum.ModelError, text) as raised:
                model.run(*arguments, **named)
            self.assertEqual(raised.exception.code, septum.Code.INVALID_INPUT)
        numpy.testing.assert_array_equal(model.run(particles, jet)["probabilities"].shape, (len(jet), 3))


class TableTests(unittest.TestCase):
    def setUp(self):
        self.model, self.rows, self.expected = booster()
        self.names = [feature["name"] for feature in self.model.contract["inputs"][0]["features"]]
        self.columns = {name: self.rows[:, index] for index, name in enumerate(self.names)}

    def tables(self, columns):
        dtype = [(name, values.dtype) for name, values in columns.items()]
        structured = numpy.empty(len(self.rows), dtype)
        for name, values in columns.items():
            structured[name] = values
        return {
            "dictionary": columns, "structured": structured, "record": structured.view(numpy.recarray),
            "pandas": pandas.DataFrame(columns), "awkward": awkward.Array(columns)}

    def test_columns_go_by_name(self):
        shuffled = {name: self.columns[name] for name in reversed(self.names)} | {"run": numpy.arange(len(self.rows))}
        for kind, table in self.tables(shuffled).items():
            with self.subTest(kind):
                numpy.testing.assert_array_equal(self.model.run(table)["margin"], self.expected)
                numpy.testing.assert_array_equal(self.model.run(X=table)["margin"], self.expected)

    def test_missing_columns_are_named(self):
        lacking = {name: values for name, values in self.columns.items() if name not in ("Jet_pt", "Jet_eta")}
        for kind, table in self.tables(lacking).items():
            with self.subTest(kind), self.assertRaisesRegex(septum.ModelError, "lacks the columns Jet_pt, Jet_eta: is it Jet_ptD?"):
                self.model.run(table)

    def test_columns_of_text_are_refused(self):
        table = pandas.DataFrame(self.columns)
        table["Jet_pt"] = ["high"] * len(table)
        with self.assertRaisesRegex(septum.ModelError, "column 'Jet_pt' is"):
            self.model.run(table)

    def test_a_model_without_names_of_columns_refuses_tables(self):
        model, inputs, _ = deepsets()
        with self.assertRaisesRegex(septum.ModelError, "does not name the columns of input 'jet'"):
            model.run(constituents=inputs["constituents"], jet=pandas.DataFrame(inputs["jet"]))


class AwkwardTests(unittest.TestCase):
    def setUp(self):
        self.model, inputs, self.expected = deepsets()
        self.particles, self.jet = inputs["constituents"], inputs["jet"]
        self.counts = [1 + index % self.particles.shape[1] for index in range(len(self.jet))]
        parts = [row[:count] for row, count in zip(self.particles, self.counts)]
        self.values = numpy.concatenate(parts)
        self.offsets = numpy.concatenate([[0], numpy.cumsum(self.counts)])
        self.one_by_one = numpy.concatenate(
            [self.model.run(part[None], jet[None])["probabilities"] for part, jet in zip(parts, self.jet)])

    def jagged(self):
        return awkward.unflatten(awkward.Array(self.values), self.counts)

    def test_rows_of_different_lengths_give_the_bits_of_each_alone(self):
        for given in (self.jagged(), awkward.from_iter(self.jagged().to_list()), septum.Jagged(self.values, self.offsets)):
            found = self.model.run(constituents=given, jet=self.jet)["probabilities"]
            self.assertIsInstance(found, numpy.ndarray)
            numpy.testing.assert_array_equal(found, self.one_by_one)

    def test_regular_awkward_arrays_are_arrays(self):
        found = self.model.run(awkward.Array(self.particles), awkward.Array(self.jet))["probabilities"]
        numpy.testing.assert_allclose(found, self.expected, rtol=2e-5, atol=1e-6)

    def test_results_of_rows_are_rows(self):
        from onnx import TensorProto, helper
        from fixtures import onnx_model

        network = onnx_model(
            [helper.make_node("Relu", ["x"], ["y"])], [("x", TensorProto.FLOAT, ["batch", "particles", 10])],
            [("y", TensorProto.FLOAT, ["batch", "particles", 10])])
        model = septum.from_onnx(network)
        found = model.run(self.jagged())["y"]
        self.assertIsInstance(found, awkward.Array)
        self.assertEqual(found.to_list(), awkward.where(self.jagged() > 0, self.jagged(), numpy.float32(0)).to_list())
        found = model.run(septum.Jagged(self.values, self.offsets))["y"]
        self.assertIsInstance(found, septum.Jagged)
        numpy.testing.assert_array_equal(found.values, numpy.maximum(self.values, 0))
        numpy.testing.assert_array_equal(found.offsets, self.offsets)

    def test_refuses_gaps_and_different_numbers_of_rows(self):
        with self.assertRaisesRegex(septum.ModelError, "without gaps"):
            self.model.run(awkward.Array([[[1.0] * 10], None]), self.jet[:2])
        with self.assertRaisesRegex(septum.ModelError, "differ in their numbers of rows"):
            self.model.run(self.jagged(), self.jet[:2])
        with self.assertRaisesRegex(septum.ModelError, "offsets"):
            self.model.run(septum.Jagged(self.values, self.offsets - 1), self.jet)


if __name__ == "__main__":
    unittest.main()
