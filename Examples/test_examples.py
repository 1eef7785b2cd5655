"""Each example runs, agrees with the library that trained its model, and prints what its page says.

    cd Examples && SEPTUM=../.build/debug/septum python -m unittest
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
AREAS = ["anomaly", "fastsim", "imaging", "regression", "tagging", "tracking", "trigger"]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def numbers(line):
    """A line's numbers, and for each how much its last digit is worth."""
    found = NUMBER.findall(line)
    digits = [len(text.partition("e")[0].partition(".")[2]) for text in found]
    powers = [int(text.partition("e")[2] or 0) for text in found]
    return [(float(text), 10.0 ** (power - digit)) for text, digit, power in zip(found, digits, powers)]


class ExampleTests(unittest.TestCase):
    def test_pages(self):
        self.assertEqual(sorted(AREAS), sorted(path.parent.name for path in HERE.glob("*/run.py")))
        list_of_examples = (HERE / "README.md").read_text()
        for area in AREAS:
            self.assertIn(f"({area}/README.md)", list_of_examples)
            self.assertIn("picture.svg", (HERE / area / "README.md").read_text())
            self.assertLess(sum(path.stat().st_size for path in (HERE / area).glob("*.*")), 500_000)

    def check(self, area):
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run(
                [sys.executable, HERE / area / "run.py", "--out", folder], capture_output=True, text=True, timeout=600)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertTrue((pathlib.Path(folder) / "picture.svg").exists())
        page = re.search(r"```text\n(.*?)```", (HERE / area / "README.md").read_text(), re.DOTALL).group(1)
        printed, written = result.stdout.splitlines(), page.splitlines()
        self.assertEqual(len(printed), len(written), result.stdout)
        for found, expected in zip(printed, written):
            self.assertEqual(NUMBER.sub("#", found), NUMBER.sub("#", expected))
            if "nanoseconds" in expected:
                continue
            # Other processors round numpy's own functions otherwise, which may move an event across a threshold.
            for (value, _), (wanted, unit) in zip(numbers(found), numbers(expected)):
                self.assertAlmostEqual(value, wanted, delta=0.02 * abs(wanted) + 2 * unit, msg=found)


def case(area):
    return lambda test: test.check(area)


for name in AREAS:
    setattr(ExampleTests, f"test_{name}", case(name))


if __name__ == "__main__":
    unittest.main()
