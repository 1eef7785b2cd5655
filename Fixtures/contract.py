"""The input contract (contract.yaml) in numpy: the reference for what a feature means, used by the recipes.

All arithmetic is float32: missing rule, transform, (x - offset) * scale, clip. Logarithms and the exponential are computed in
float64 and rounded once, since those of numpy in float32 differ from processor to processor. Sorting is stable.
"""

import awkward as ak
import numpy as np
import uproot
import yaml


def rounded(function):
    return lambda x: function(x.astype(np.float64)).astype(np.float32)


TRANSFORMS = {
    "none": lambda x: x,
    "log": rounded(np.log),
    "log1p": rounded(np.log1p),
    "exp": rounded(np.exp),
    "sqrt": np.sqrt,
    "abs": np.abs,
    "square": np.square,
}


def feature(description, values):
    """One feature of flat float32 values."""
    x = np.asarray(values).astype(np.float32)
    rule = description.get("missing")
    if rule is None and np.isnan(x).any():
        raise ValueError(f"{description['branch']} has missing values")
    if rule not in (None, "keep"):
        x = np.where(np.isnan(x), np.float32(rule), x)
    x = TRANSFORMS[description.get("transform", "none")](x)
    x = (x - np.float32(description.get("offset", 0))) * np.float32(description.get("scale", 1))
    if "clip" in description:
        x = np.clip(x, *np.float32(description["clip"]))
    assert x.dtype == np.float32
    return x


class Contract:
    def __init__(self, path):
        self.content = yaml.safe_load(path.read_text())

    def names(self, tensor):
        return [item["name"] for item in self.tensor(tensor)["features"]]

    def tensor(self, name):
        return next(item for item in self.content["inputs"] if item["tensor"] == name)

    def rows(self, path):
        """Each input tensor for every row (jet) of a ROOT file: [rows, features], or a jagged array of [particles, features]."""
        tree = uproot.open(path)["Events"]
        needed = {item["branch"] for tensor in self.content["inputs"] for item in tensor["features"]}
        for tensor in self.content["inputs"]:
            needed |= {tensor[key] if key == "link" else tensor[key]["by"] for key in ("link", "sort") if key in tensor}
        events = tree.arrays(sorted(needed | {f"n{self.content['row']}"}))
        counts = events[f"n{self.content['row']}"].to_numpy()
        result = {}
        for tensor in self.content["inputs"]:
            columns = [feature(item, ak.flatten(events[item["branch"]]).to_numpy()) for item in tensor["features"]]
            matrix = np.stack(columns, axis=1)
            if "collection" in tensor:
                link = events[tensor["link"]]
                row = ak.flatten(link).to_numpy().astype(np.int64)
                row = row + np.repeat(np.cumsum(counts) - counts, ak.num(link).to_numpy())
                key = ak.flatten(events[tensor["sort"]["by"]]).to_numpy()
                order = np.lexsort((-key if tensor["sort"]["order"] == "descending" else key, row))
                lengths = np.bincount(row, minlength=counts.sum())
                matrix = ak.unflatten(ak.Array(matrix[order]), lengths)[:, : tensor["length"]["maximum"]]
            result[tensor["tensor"]] = matrix
        return result


def flavour(path):
    """hadronFlavour of every jet as 0 (b), 1 (c), 2 (light)."""
    code = ak.flatten(uproot.open(path)["Events"]["Jet_hadronFlavour"].array()).to_numpy()
    return np.select([code == 5, code == 4], [0, 1], 2)
