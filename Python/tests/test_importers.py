"""Models from live objects, against what the objects' own libraries give."""

import pickle
import shutil
import subprocess
import sys
import threading
import unittest
import warnings

import lightgbm
import numpy
import onnx
import sklearn.ensemble
import sklearn.linear_model
import sklearn.pipeline
import sklearn.preprocessing
import xgboost

import septum
from fixtures import DEEPSETS, ENVIRONMENT, FIXTURES, deepsets


def sample(rows=400, features=6):
    """Columns with the tails of momenta and some values missing, and the classes of rows."""
    random = numpy.random.default_rng(7)
    x = random.exponential(30, (rows, features)) * random.choice([-1, 1], (rows, features))
    return x, (numpy.abs(x[:, 0]) + x[:, 1] + random.normal(0, 5, rows) > 25).astype(int) + (x[:, 2] > 40)


class ONNXTests(unittest.TestCase):
    def test_reads_protobufs_bytes_and_paths(self):
        _, inputs, expected = deepsets()
        path = DEEPSETS / "model.onnx"
        for source in (onnx.load(path), path.read_bytes(), path, str(path)):
            found = septum.from_onnx(source).run(inputs)["probabilities"]
            numpy.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)


class XGBoostTests(unittest.TestCase):
    def setUp(self):
        self.x, self.y = sample()
        self.x[::7, 1] = numpy.nan
        self.x = self.x.astype("f4")

    def test_boosters_bit_for_bit(self):
        names = [f"column_{index}" for index in range(self.x.shape[1])]
        data = xgboost.DMatrix(self.x, label=self.y > 0, feature_names=names)
        booster = xgboost.train({"objective": "binary:logistic", "max_depth": 4, "seed": 1}, data, 20)
        model = septum.from_xgboost(booster)
        found = model.run(dict(zip(names, self.x.T)))
        numpy.testing.assert_array_equal(found["margin"], booster.predict(data, output_margin=True))
        numpy.testing.assert_allclose(found["prediction"], booster.predict(data), rtol=3e-7)

    def test_estimators_give_what_their_methods_give(self):
        labels = numpy.array(["b", "c", "light"])[self.y]
        numbers = numpy.searchsorted(["b", "c", "light"], labels)
        estimator = xgboost.XGBClassifier(n_estimators=15, max_depth=3, random_state=1).fit(self.x, numbers)
        found = septum.from_xgboost(estimator).run(self.x)
        numpy.testing.assert_array_equal(found["predict"], estimator.predict(self.x))
        numpy.testing.assert_allclose(found["predict_proba"], estimator.predict_proba(self.x), rtol=3e-7, atol=1e-9)
        numpy.testing.assert_array_equal(found["margin"], estimator.predict(self.x, output_margin=True))

    def test_imports_of_other_threads_are_not_disturbed(self):
        estimator = xgboost.XGBRegressor(n_estimators=3).fit(self.x, self.y)
        seen, is_over = set(), threading.Event()

        def watch():
            while not is_over.is_set():
                seen.add((id(sys.modules.get("xgboost")), id(sys.modules.get("sklearn"))))

        thread = threading.Thread(target=watch)
        thread.start()
        for _ in range(20):
            septum.from_xgboost(estimator)
            septum.load(FIXTURES / "xgboost/pickled/classifier_3_2/model.joblib", trust_pickle=True)
        is_over.set()
        thread.join()
        self.assertEqual(seen, {(id(xgboost), id(sklearn))})

    def test_refuses_others(self):
        with self.assertRaisesRegex(septum.ModelError, "found a .*LogisticRegression, expected a Booster"):
            septum.from_xgboost(sklearn.linear_model.LogisticRegression())


class LightGBMTests(unittest.TestCase):
    def test_boosters_bit_for_bit(self):
        x, y = sample()
        x[::5, 2] = numpy.nan
        estimator = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, random_state=1).fit(x, y)
        for given in (estimator, estimator.booster_):
            model = septum.from_lightgbm(given)
            numpy.testing.assert_array_equal(model.run(x)["margin"], estimator.booster_.predict(x, raw_score=True))
            numpy.testing.assert_allclose(model.run(x)["prediction"], estimator.booster_.predict(x), rtol=1e-14)
        with self.assertRaisesRegex(septum.ModelError, "expected a Booster or a fitted estimator of LightGBM"):
            septum.from_lightgbm(x)


class CatBoostTests(unittest.TestCase):
    """CatBoost itself is not among the packages of the tests: a model that it wrote stands for its object."""

    def test_takes_what_the_object_serializes(self):
        folder = FIXTURES / "catboost" / "logloss_cbm"

        class Stored:
            __module__ = "catboost.core"

            def save_model(self, path, format):
                assert format == "cbm"
                shutil.copyfile(folder / "model.cbm", path)

        inputs, expected = numpy.load(folder / "inputs.npz"), numpy.load(folder / "expected.npz")
        found = septum.from_catboost(Stored()).run(dict(inputs))
        numpy.testing.assert_array_equal(found["margin"], expected["margin"])
        with self.assertRaisesRegex(septum.ModelError, "expected a model of CatBoost"):
            septum.from_catboost(folder)


class Renamed(sklearn.ensemble.RandomForestClassifier):
    """A class that only this file knows."""


class ScikitLearnTests(unittest.TestCase):
    def test_estimators_give_what_their_methods_give(self):
        x, y = sample()
        forest = sklearn.ensemble.RandomForestClassifier(20, random_state=1).fit(x, y)
        found = septum.from_sklearn(forest).run(x)
        numpy.testing.assert_array_equal(found["predict"], forest.predict(x))
        numpy.testing.assert_array_equal(found["predict_proba"], forest.predict_proba(x))
        pipeline = sklearn.pipeline.make_pipeline(
            sklearn.preprocessing.StandardScaler(), sklearn.linear_model.LogisticRegression(max_iter=1000)).fit(x, y > 0)
        found = septum.from_sklearn(pipeline).run(x)
        numpy.testing.assert_array_equal(found["predict"], pipeline.predict(x))
        numpy.testing.assert_allclose(found["predict_proba"], pipeline.predict_proba(x), rtol=1e-13)

    def test_models_travel_without_scikit_learn(self):
        x, y = sample()
        forest = sklearn.ensemble.ExtraTreesRegressor(5, random_state=1).fit(x, y)
        content = pickle.dumps((septum.from_sklearn(forest), x))
        script = (
            "import sys; sys.modules['sklearn'] = None\n"
            "import pickle; model, x = pickle.load(sys.stdin.buffer); sys.stdout.buffer.write(model.run(x)['predict'].tobytes())")
        found = subprocess.run(
            [sys.executable, "-c", script], input=content, capture_output=True, check=True, env=ENVIRONMENT).stdout
        numpy.testing.assert_array_equal(numpy.frombuffer(found), forest.predict(x))

    def test_refuses_what_it_does_not_know(self):
        x, y = sample()
        for wrong, text in (
            (Renamed(3).fit(x, y), "Renamed"), (sklearn.linear_model.LogisticRegression(), "estimator"),
            (x, "found a numpy.ndarray"),
        ):
            with self.subTest(text), self.assertRaisesRegex(septum.ModelError, text):
                septum.from_sklearn(wrong)

    def test_files_are_read_by_this_interpreter(self):
        folder = FIXTURES / "sklearn" / "jet_pipeline"
        with self.assertRaises(septum.ModelError) as raised:
            septum.load(folder / "model.joblib")
        self.assertEqual(raised.exception.code, septum.Code.UNTRUSTED)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = septum.load(folder / "model.joblib", trust_pickle=True)
        self.assertIn("sklearn", sys.modules)
        inputs, expected = numpy.load(folder / "inputs.npz"), numpy.load(folder / "expected.npz")
        found = model.run(dict(inputs))
        for name in expected.files:
            numpy.testing.assert_allclose(found[name], expected[name], rtol=1e-6)

    def test_another_interpreter_is_refused_inside_this_one(self):
        with self.assertRaises(septum.ModelError) as raised:
            septum.load(FIXTURES / "sklearn" / "jet_pipeline" / "model.joblib", trust_pickle=True, python="/usr/bin/python3")
        self.assertEqual(raised.exception.code, septum.Code.ENVIRONMENT)

    def test_loads_in_many_threads_at_once(self):
        x, y = sample()
        forest = sklearn.ensemble.RandomForestRegressor(5, random_state=1).fit(x, y)
        expected, found = forest.predict(x), []
        threads = [
            threading.Thread(target=lambda: found.append(septum.from_sklearn(forest).run(x)["predict"])) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(found), 8)
        for result in found:
            numpy.testing.assert_array_equal(result, expected)


if __name__ == "__main__":
    unittest.main()
