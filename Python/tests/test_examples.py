"""The examples of distributed scoring, on files cut from the fixture's events."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import awkward
import numpy
import uproot

import septum
from fixtures import BOOSTER, ENVIRONMENT, FIXTURES

EXAMPLES = FIXTURES.parent / "Examples"
EVENTS = FIXTURES / "events" / "jets" / "events.root"


class ExampleTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.model = septum.load(BOOSTER / "model.ubj")
        names = [feature["name"] for feature in self.model.contract["inputs"][0]["features"]]
        with uproot.open(EVENTS) as file:
            events = file["Events"].arrays(names)
        self.files, self.expected = [], {}
        for index in range(4):
            part = events[index::4]
            self.files.append(self.folder / f"events{index}.root")
            with uproot.recreate(self.files[-1]) as file:
                file["Events"] = {name: part[name] for name in names}
            rows = numpy.stack([awkward.to_numpy(awkward.flatten(part[name])) for name in names], axis=1)
            self.expected[self.files[-1].name] = self.model.run(rows), awkward.num(part[names[0]])

    def check(self, path, name):
        found = uproot.open(path)["Events"].arrays(["Jet_prediction", "Jet_margin"])
        expected, counts = self.expected[name]
        self.assertGreater(len(expected["margin"]), 100)
        self.assertEqual(awkward.num(found["Jet_margin"]).to_list(), counts.to_list())
        for output in ("prediction", "margin"):
            scores = awkward.to_numpy(awkward.flatten(found[f"Jet_{output}"]))
            numpy.testing.assert_array_equal(scores, expected[output], strict=True)

    def call(self, *command, folder=None):
        environment = ENVIRONMENT | {"PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}
        result = subprocess.run(
            [str(part) for part in command], cwd=folder or self.folder, env=environment, capture_output=True, text=True,
            timeout=300)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_dask_gives_the_bits_of_one_process(self):
        said = self.call(
            sys.executable, EXAMPLES / "dask" / "score.py", BOOSTER / "model.ubj", self.folder / "scores", *self.files)
        self.assertEqual(said.count(" jets\n"), 4)
        for path in self.files:
            self.check(self.folder / "scores" / path.name, path.name)

    def test_a_batch_job_gives_the_bits_of_one_process(self):
        node = self.folder / "node"
        node.mkdir()
        self.model.save(node / "model.septum")
        for name in ("score.py", "run.sh"):
            shutil.copy(EXAMPLES / "htcondor" / name, node)
        for path in self.files:
            self.call("./run.sh", path, folder=node)
            self.check(node / f"{path.stem}.scores.root", path.name)
            self.assertFalse(list(node.glob("*.part")))


if __name__ == "__main__":
    unittest.main()
