"""Makes the cases of this folder.

    pip install numpy==2.4.6 && python recipe.py REFERENCE

REFERENCE is a folder with `<case>/model.weights.xml` and `<case>/io.npz` as TMVA 4.2.1 with ROOT 6.40 wrote and
evaluated them: trained on synthetic jets, `X` and `y` the inputs and what TMVA::Reader returned, `X_edge` and `y_edge` the same on and
beside the thresholds. Without it only the cases are made that are written here by hand, whose values come from `reader.py`.
"""

import json
import platform
import shutil
import sys
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import reader

HERE = Path(__file__).parent
REFERENCE = ["bin_bdt", "bin_bdtg", "multi_bdtg", "reg_bdt", "bin_mlp", "reg_mlp"]
NAMES = ["pt", "eta", "log(mass)", "d0/sigma"]


def save(name, inputs, expected, how, tolerance):
    folder = HERE / name
    np.savez_compressed(folder / "inputs.npz", **{k: v.astype(np.float32) for k, v in inputs.items()})
    np.savez_compressed(folder / "expected.npz", **expected)
    case = {
        "format": "tmva",
        "producer": "TMVA 4.2.1 with ROOT 6.40/00" if name in REFERENCE else "by hand, in the form TMVA 4.2.1 writes",
        "recipe": "../recipe.py",
        "versions": {"numpy": np.__version__, "python": platform.python_version()},
        "expected_values": how,
        "tolerance": tolerance,
    }
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")


EXACT = {"rtol": 0, "atol": 0, "reason": "the Reader's operations in the Reader's order"}
LINK = {"rtol": 4e-15, "atol": 5e-16, "reason": "exp of another mathematical library, near zero after a difference from 1"}
SUMS = {"rtol": 2e-15, "atol": 1e-15, "reason": "fused multiply-adds where the Reader rounds products, and exp"}
TANH = {
    "rtol": 1e-7,
    "atol": 1e-7,
    "reason": "fused multiply-adds where the Reader rounds products; rarely a float32 step of the fast tanh falls on another side",
}
FLOAT = {"rtol": 2.5e-7, "atol": 1e-7, "reason": "float64 sums rounded to float32: rarely one unit in the last place"}


def reference(root, name):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    shutil.copy(root / name / "model.weights.xml", folder / "model.weights.xml")
    io = np.load(root / name / "io.npz")
    x = np.concatenate([io[k] for k in ("X", "X_edge") if k in io])
    y = np.concatenate([io[k] for k in ("y", "y_edge") if k in io])
    again = reader.Reader(folder / "model.weights.xml").scores(x)
    found = again["prediction"].reshape(y.shape).astype(np.float64)
    # The transcription reproduces the Reader; exp differs in the last digits.
    assert np.max(np.abs(found - y)) <= (2.3e-16 if name.startswith("bin") else 0), np.max(np.abs(found - y))
    kind = np.float64 if name.startswith("bin") else np.float32
    assert np.array_equal(y.astype(kind).astype(np.float64), y)
    expected = {"prediction": y.astype(kind)}
    how = "TMVA::Reader"
    if "margin" in again:
        expected["margin"] = again["margin"]
        how += "; the margin by reader.py"
    tolerance = {"prediction": SUMS if name == "bin_mlp" else EXACT, "margin": EXACT}
    save(name, {"X": x}, expected, how, tolerance)


# Files by hand


def number(value):
    return f"{value:.16e}"


def attributes(**values):
    return "".join(f" {k}={quoteattr(str(v))}" for k, v in values.items())


class File:
    def __init__(self, name, seed, method="BDT", analysis="Classification", version="4.2.1 [262657]", targets=(), classes=None):
        self.name, self.method, self.analysis, self.version, self.targets = name, method, analysis, version, list(targets)
        self.rng = np.random.default_rng(seed)
        self.classes = classes or (["Regression"] if analysis == "Regression" else ["Signal", "Background"])
        self.options, self.transforms, self.weights = {}, [], ""
        self.spectators = []
        self.cuts = []

    def categories(self, methods):
        """Methods with the variables and the cut of each, and two spectators."""
        self.spectators = ["phi", "n"]
        lines = [f'  <Weights NSubMethods="{len(methods)}">']
        for index, (cut, names, method) in enumerate(methods):
            inner = method.text(names).split("\n")[2:-2]
            head = attributes(Index=index, Method=f"{method.method}::{method.name}", Cut=cut, Variables=":".join(names))
            lines += [f"    <SubMethod{head}>", *inner, "    </SubMethod>"]
        self.weights = "\n".join(lines + ["  </Weights>"])
        return self

    def text(self, names=NAMES):
        info = {"TMVA Release": self.version, "ROOT Release": "6.40/00 [403456]", "AnalysisType": self.analysis}
        lines = ['<?xml version="1.0"?>', f'<MethodSetup Method="{self.method}::{self.name}">', "  <GeneralInfo>"]
        lines += [f"    <Info{attributes(name=k, value=v)}/>" for k, v in info.items()]
        lines += ["  </GeneralInfo>", "  <Options>"]
        lines += [f'    <Option{attributes(name=k, modified="Yes")}>{v}</Option>' for k, v in self.options.items()]
        lines += ["  </Options>", f'  <Variables NVar="{len(names)}">']
        lines += [
            f"    <Variable{attributes(VarIndex=i, Expression=n, Label=n, Title=n, Unit='GeV' if i == 0 else '', Internal=n, Type='F', Min=-3, Max=3)}/>"
            for i, n in enumerate(names)
        ]
        lines += ["  </Variables>", f'  <Spectators NSpec="{len(self.spectators)}">']
        lines += [
            f"    <Spectator{attributes(SpecIndex=i, Expression=n, Label=n, Title=n, Unit='', Internal=n, Type='F', Min=0, Max=0)}/>"
            for i, n in enumerate(self.spectators)
        ]
        lines += ["  </Spectators>", f'  <Classes NClass="{len(self.classes)}">']
        lines += [f"    <Class{attributes(Name=c, Index=i)}/>" for i, c in enumerate(self.classes)]
        lines += ["  </Classes>"]
        if self.targets:
            lines += [f'  <Targets NTrgt="{len(self.targets)}">']
            lines += [
                f"    <Target{attributes(TargetIndex=i, Expression=t, Label=t, Title=t, Unit='', Internal=t, Type='F', Min=0, Max=1)}/>"
                for i, t in enumerate(self.targets)
            ]
            lines += ["  </Targets>"]
        lines += [f'  <Transformations NTransformations="{len(self.transforms)}">', *self.transforms, "  </Transformations>"]
        lines += ["  <MVAPdfs/>", self.weights, "</MethodSetup>"]
        return "\n".join(lines) + "\n"

    # Trees

    def tree(self, depth, pos="s", level=0, fisher=0.0, old=False):
        r = self.rng
        f32 = lambda v: number(float(np.float32(v)))
        if level == depth or (level > 0 and r.random() < 0.15):
            kind = int(r.choice([-1, 1])) if self.options.get("BoostType") != "Grad" else -99
            values = {"res": f32(r.normal()), "rms": f32(1)}
            events = {"nS": f32(r.uniform(1, 9)), "nB": f32(r.uniform(1, 9))} if old else {"purity": f32(r.random())}
            coefficients = {} if old else {"NCoef": 0}
            return [(level, attributes(pos=pos, depth=level, **coefficients, IVar=-1, Cut=f32(0), cType=1, **values, **events, nType=kind), None)]
        cut = float(np.float32(r.normal()))
        variable = int(r.integers(len(NAMES)))
        self.cuts.append((variable, cut))
        coefficients = {} if old else {"NCoef": 0}
        if r.random() < fisher:
            values = [number(v) for v in r.normal(size=len(NAMES) + 1)]
            coefficients = {"NCoef": len(values), **{f"fC{i}": v for i, v in enumerate(values)}}
            variable = len(NAMES)
        values = {"res": f32(0), "rms": f32(0)} | ({"nS": f32(1), "nB": f32(1)} if old else {"purity": f32(0.5)})
        head = attributes(pos=pos, depth=level, **coefficients, IVar=variable, Cut=f32(cut), cType=int(r.integers(2)), **values, nType=0)
        return [(level, head, [self.tree(depth, p, level + 1, fisher, old) for p in "lr"])]

    def lines(self, nodes):
        for level, head, children in nodes:
            pad = "  " * (level + 3)
            if children is None:
                yield f"{pad}<Node{head}/>"
            else:
                yield f"{pad}<Node{head}>"
                for child in children:
                    yield from self.lines(child)
                yield f"{pad}</Node>"

    def forest(self, count, depth, regression=False, weights=None, old=False, **kwargs):
        lines = [f'  <Weights NTrees="{count}" {"TreeType" if old else "AnalysisType"}="{int(regression)}">']
        for i in range(count):
            weight = number(float(np.float32(self.rng.uniform(0.1, 2)))) if weights is None else number(weights)
            lines.append(f'    <BinaryTree type="DecisionTree" boostWeight="{weight}" itree="{i}">')
            lines += self.lines(self.tree(depth, old=old, **kwargs))
            lines.append("    </BinaryTree>")
        self.weights = "\n".join(lines + ["  </Weights>"])
        return self

    # Networks and linear methods

    def network(self, hidden, outputs):
        counts = [len(NAMES) + 1, *[h + 1 for h in hidden], outputs]
        lines = ["  <Weights>", f'    <Layout NLayers="{len(counts)}">']
        for i, count in enumerate(counts):
            nexts = 0 if i == len(counts) - 1 else counts[i + 1] - (0 if i == len(counts) - 2 else 1)
            lines.append(f'      <Layer Index="{i}" NNeurons="{count}">')
            for _ in range(count):
                if nexts == 0:
                    lines.append('        <Neuron NSynapses="0"/>')
                else:
                    text = " ".join(number(v) for v in self.rng.normal(size=nexts))
                    lines.append(f'        <Neuron NSynapses="{nexts}">\n          {text} \n        </Neuron>')
            lines.append("      </Layer>")
        self.weights = "\n".join(lines + ["    </Layout>", "  </Weights>"])
        return self

    def fisher(self):
        lines = [f'  <Weights NCoeff="{len(NAMES) + 1}">']
        lines += [f"    <Coefficient{attributes(Index=i, Value=number(self.rng.normal()))}/>" for i in range(len(NAMES) + 1)]
        self.weights = "\n".join(lines + ["  </Weights>"])
        return self

    def linear(self, outputs):
        lines = [f'  <Weights NOut="{outputs}" NCoeff="{len(NAMES) + 1}">']
        for o in range(outputs):
            lines += [
                f"    <Coefficient{attributes(IndexOut=o, IndexCoeff=i, Value=number(self.rng.normal()))}/>" for i in range(len(NAMES) + 1)
            ]
        self.weights = "\n".join(lines + ["  </Weights>"])
        return self

    # Transformations

    def selection(self, inputs, outputs, targets=()):
        lines = []
        for tag, count, places in (("Input", "NInputs", inputs), ("Output", "NOutputs", outputs)):
            lines.append(f'        <{tag} {count}="{len(places) + len(targets)}">')
            lines += [f"          <{tag}{attributes(Type='Variable', Label=NAMES[i], Expression=NAMES[i])}/>" for i in places]
            lines += [f"          <{tag}{attributes(Type='Target', Label=t, Expression=t)}/>" for t in targets]
            lines.append(f"        </{tag}>")
        return ["      <Selection>", *lines, "      </Selection>"]

    def add(self, name, body, inputs=None, outputs=None, targets=(), **extra):
        inputs = list(range(len(NAMES))) if inputs is None else inputs
        lines = [f"    <Transform{attributes(Name=name, **extra)}>", *self.selection(inputs, outputs or inputs, targets)]
        self.transforms.append("\n".join([*lines, *body, "    </Transform>"]))
        return self

    def classes_and_all(self):
        return 1 if len(self.classes) <= 1 else len(self.classes) + 1

    def normalize(self, inputs=None, targets=()):
        count = len(inputs or NAMES) + len(targets)
        body = []
        for c in range(self.classes_and_all()):
            body.append(f'      <Class ClassIndex="{c}">\n        <Ranges>')
            for i in range(count):
                low = float(np.float32(self.rng.uniform(-4, -1)))
                high = float(np.float32(self.rng.uniform(1, 4)))
                body.append(f"          <Range{attributes(Index=i, Min=number(low), Max=number(high))}/>")
            body.append("        </Ranges>\n      </Class>")
        return self.add("Normalize", body, inputs, targets=targets)

    def decorrelate(self, inputs=None, outputs=None):
        count = len(inputs or NAMES)
        body = []
        for _ in range(self.classes_and_all()):
            text = " ".join(number(v) for v in self.rng.normal(size=count * count))
            body.append(f'      <Matrix Rows="{count}" Columns="{count}">\n        {text} \n      </Matrix>')
        return self.add("Decorrelation", body, inputs, outputs)

    def components(self):
        count = len(NAMES)
        body = []
        for c in range(3):
            body.append(f'      <Statistics Class="{c}" ClassIndex="{c}" NRows="{count}">')
            body.append(" ".join(number(v) for v in self.rng.normal(size=count)) + " \n      </Statistics>")
        for c in range(3):
            body.append(f'      <Eigenvectors Class="{c}" ClassIndex="{c}" NRows="{count}" NCols="{count}">')
            body.append(" ".join(number(v) for v in self.rng.normal(size=count * count)) + " \n      </Eigenvectors>")
        return self.add("PCA", body)

    def gauss(self, flat):
        body = []
        for i in range(len(NAMES)):
            body.append(f'      <Variable VarIndex="{i}">')
            for c in range(self.classes_and_all()):
                bins = int(self.rng.integers(12, 30))
                contents = np.cumsum(self.rng.uniform(0, 1, bins))
                if i == 0:
                    contents[:3] = 0  # distributions start with empty bins
                contents = (contents / contents[-1]).astype(np.float32)
                equal = i == 1
                edges = np.sort(self.rng.normal(size=bins + 1)).astype(np.float32)
                body.append(f"        <CumulativePDF_cls{c}>")
                body.append(
                    f"          <PDF{attributes(Name='GaussTransform', MinNSmooth=0, MaxNSmooth=0, InterpolMethod=1, KDE_type=0, KDE_iter=1, KDE_border=1, KDE_finefactor=number(0))}>"
                )
                body.append(
                    f"            <Histogram{attributes(Name='h_original', NBins=bins, XMin=number(float(edges[0])), XMax=number(float(edges[-1])), HasEquidistantBins=int(equal))}>"
                )
                body.append(" ".join(number(float(v)) for v in contents) + " \n            </Histogram>")
                if not equal:
                    body.append(f'            <HistogramBinning NBins="{bins}">')
                    body.append(" ".join(number(float(v)) for v in edges) + " \n            </HistogramBinning>")
                body.append(f"          </PDF>\n        </CumulativePDF_cls{c}>")
            body.append("      </Variable>")
        return self.add("Gauss", body, FlatOrGauss="Flat" if flat else "Gauss")

    def make(self, tolerance, rows=120, **options):
        self.options |= options
        folder = HERE / self.name
        folder.mkdir(exist_ok=True)
        (folder / "model.weights.xml").write_text(self.text())
        x = self.rng.normal(size=(rows, len(NAMES))).astype(np.float32) * np.float32(1.5)
        for variable, cut in self.cuts[:40]:
            for value in (cut, np.nextafter(np.float32(cut), np.float32(9)), np.nextafter(np.float32(cut), np.float32(-9))):
                row = self.rng.normal(size=len(NAMES)).astype(np.float32)
                row[variable] = value
                x = np.concatenate([x, row[None]])
        special = np.zeros((3, len(NAMES)), np.float32)
        special[0, 1] = np.nan
        special[1, 0], special[2, 2] = 1e30, -1e30
        x = np.concatenate([x, special])
        with np.errstate(all="ignore"):
            inputs = {"X": x}
            if self.spectators:
                inputs["S"] = (self.rng.normal(size=(len(x), len(self.spectators))) * 2).astype(np.float32)
            expected = reader.Reader(folder / "model.weights.xml").scores(x, inputs.get("S"))
        how = "reader.py, a transcription of the source of TMVA's Reader, not the Reader itself"
        save(self.name, inputs, expected, how, {"margin": EXACT, "prediction": EXACT} | tolerance)


def booked(name, seed, boost, **kwargs):
    file = File(name, seed, **kwargs)
    file.options = {"BoostType": boost}
    return file


def by_hand():
    booked("real_adaboost", 1, "RealAdaBoost").forest(7, 4).make({}, UseYesNoLeaf="True")
    booked("bagging", 2, "Bagging").forest(6, 3, weights=1).make({}, UseYesNoLeaf="False")
    booked("fisher_cuts", 3, "AdaBoost").forest(6, 4, fisher=0.5).make({}, UseYesNoLeaf="True", UseFisherCuts="True")
    booked("old_nodes", 4, "AdaBoost", version="4.0.7 [262151]").forest(5, 3, old=True).make({}, UseYesNoLeaf="False")
    booked("reg_grad", 5, "Grad", analysis="Regression", targets=["e"]).forest(6, 3, True).normalize(targets=["e"]).make({})
    booked("reg_bagging", 6, "Bagging", analysis="Regression", targets=["e"]).forest(6, 3, True).make({})
    booked("multi_adaboost", 7, "AdaBoost", analysis="Multiclass", classes=["a", "b", "c"]).forest(9, 3).make({"prediction": FLOAT})
    booked("grad_normalized", 8, "Grad").normalize(inputs=[2, 0]).forest(6, 3, True).make({"prediction": LINK})
    booked("grad_chain", 9, "Grad").gauss(True).decorrelate().normalize().forest(6, 3, True).make({"prediction": LINK})
    booked("decorrelated_subset", 10, "AdaBoost").decorrelate([0, 3], [3, 1]).forest(5, 3).make({})
    for name, seed, method in (("fisher_decorrelated", 11, "decorrelate"), ("fisher_components", 12, "components"), ("fisher", 13, None)):
        file = File(name, seed, method="Fisher").fisher()
        if method:
            getattr(file, method)()
        file.make({"prediction": {"rtol": 2e-6, "atol": 1e-6, "reason": FLOAT["reason"]}} if method else {})
    for name, seed, flat in (("fisher_gauss", 14, False), ("fisher_uniform", 15, True)):
        File(name, seed, method="Fisher").fisher().gauss(flat).make(
            {"prediction": {"rtol": 1e-6, "atol": 1e-6, "reason": "the quantile of another algorithm, rounded to float32"}}
        )
    File("ld", 16, method="LD").linear(1).make({})
    File("ld_regression", 17, method="LD", analysis="Regression", targets=["e", "p"]).linear(2).normalize(targets=["e", "p"]).make({})
    for seed, (kind, how) in enumerate([("sigmoid", "sum"), ("radial", "sum"), ("linear", "abssum"), ("ReLU", "sqsum")], 18):
        options = {"NeuronType": kind, "NeuronInputType": how, "EstimatorType": "CE"}
        name = f"mlp_{kind.lower()}"
        File(name, seed, method="MLP").network([5, 3], 1).make({"prediction": SUMS}, **options)
    File("mlp_slow_tanh", 22, method="MLP", version="4.1.4 [262404]").network([6], 1).make(
        {"prediction": SUMS}, NeuronType="tanh", EstimatorType="MSE"
    )
    File("mlp_regression", 23, method="MLP", analysis="Regression", targets=["e", "p"]).network([6], 2).normalize(
        targets=["e", "p"]
    ).make({"prediction": {"rtol": 1e-6, "atol": 1e-6, "reason": TANH["reason"]}}, NeuronType="tanh", EstimatorType="MSE")
    File("mlp_classes", 24, method="MLP", analysis="Multiclass", classes=["a", "b", "c"]).network([6], 3).make(
        {"prediction": FLOAT}, NeuronType="sigmoid", EstimatorType="MSE"
    )
    barrel, endcap = booked("barrel", 25, "AdaBoost"), File("endcap", 26, method="Fisher")
    barrel.options |= {"UseYesNoLeaf": "False"}
    methods = [
        ("abs(eta)<=1.3 && phi>-0.5", NAMES, barrel.forest(4, 3)),
        ("(abs(eta)>1.3) && n/2 < 1.5", NAMES, endcap.decorrelate().fisher()),
    ]
    File("category", 27, method="Category").categories(methods).make(
        {"prediction": {"rtol": 2e-6, "atol": 1e-6, "reason": FLOAT["reason"]}}
    )


if __name__ == "__main__":
    for name in REFERENCE if len(sys.argv) > 1 else []:
        reference(Path(sys.argv[1]), name)
    by_hand()
