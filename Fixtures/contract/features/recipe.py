"""Features by every rule of a contract, computed in numpy by contract.py from values chosen to hurt."""

import json
import pathlib
import platform
import sys

import numpy as np
import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from contract import feature  # noqa: E402


def main():
    random = np.random.default_rng(7)
    hard = [0.0, -0.0, 1.0, -1.0, 1e-45, -1e-45, 1e-38, 3.4028235e38, -3.4028235e38, np.inf, -np.inf, 0.1, 1 / 3, 16777217.0, 1e-3]
    columns = {
        "hard": np.array(hard * 4, np.float32),
        "gaps": np.array((hard[:-1] + [np.nan]) * 4, np.float32),
        "momentum": random.lognormal(3, 1, 60).astype(np.float32),
        "double": random.normal(0, 1e3, 60),
        "count": random.integers(-100, 100, 60).astype(np.int32),
        "large": random.integers(2**53, 2**63, 60).astype(np.uint64),
        "flag": random.integers(0, 2, 60).astype(bool),
    }
    content = yaml.safe_load((HERE / "contract.yaml").read_text())
    with np.errstate(all="ignore"):
        expected = {item["name"]: feature(item, columns[item["branch"]]) for item in content["inputs"][0]["features"]}
    np.savez_compressed(HERE / "inputs.npz", **columns)
    np.savez_compressed(HERE / "expected.npz", **expected)
    description = {
        "format": "contract",
        "producer": "contract.py",
        "versions": {"numpy": np.__version__, "python": platform.python_version()},
        "tolerance": {"ulps": 0, "reason": "float32 arithmetic in one order; log, log1p and exp rounded once from float64"},
        "description": "every transform, missing rule, offset, scale and clip on zeros, denormals, infinities and gaps",
    }
    (HERE / "case.json").write_text(json.dumps(description, indent=2) + "\n")


if __name__ == "__main__":
    main()
