"""The arithmetic of TMVA::Reader in numpy, transcribed from ROOT's tmva/tmva/src; each function names its source there.

It is held against values of the Reader itself (the cases bin_*, multi_* and reg_* hold those), and gives the expected values of the
cases that were written by hand. Operations, their order and their types are those of the C++ code: Float_t is float32, Double_t float64.
"""

import math
import xml.etree.ElementTree as ET

import numpy as np

F, D = np.float32, np.float64


def floats(text, kind):
    return np.array([kind(word) for word in text.split()], kind)


class Reader:
    def __init__(self, path):
        self.root = ET.parse(path).getroot()
        self.setup(self.root)

    def setup(self, root):
        info = {i.get("name"): i.get("value") for i in root.find("GeneralInfo")}
        self.options = {o.get("name"): (o.text or "") for o in root.find("Options")}
        self.analysis = info["AnalysisType"]
        self.version = int(info["TMVA Release"].split("[")[1].rstrip("]"))
        self.variables = [v.get("Label") for v in root.find("Variables")]
        targets = root.find("Targets")
        self.targets = [] if targets is None else [t.get("Label") for t in targets]
        self.classes = len(root.find("Classes"))
        self.kind = root.get("Method").split("::")[0]
        self.weights = root.find("Weights")
        self.transforms = list(root.find("Transformations"))

    # TransformationHandler::Transform; the reference class is -1, so that the last class counts
    def event(self, x):
        for node in self.transforms:
            x = self.transform(node, x)
        return x

    # VariableTransformBase::ReadFromXML
    def selection(self, node, which):
        found = [
            ("v", self.variables.index(i.get("Label"))) if i.get("Type") == "Variable" else ("t", self.targets.index(i.get("Label")))
            for i in node.find("Selection").find(which)
        ]
        return found

    def transform(self, node, x):
        take = [i for kind, i in self.selection(node, "Input") if kind == "v"]
        put = [i for kind, i in self.selection(node, "Output") if kind == "v"]
        given = x[:, take]
        y = getattr(self, node.get("Name").lower())(node, given)
        out = x.copy()
        out[:, put] = y
        return out

    # VariableNormalizeTransform::Transform
    def normalize(self, node, x):
        ranges = list(node.findall("Class"))[-1].find("Ranges")
        low = np.array([F(r.get("Min")) for r in ranges], F)[: x.shape[1]]
        high = np.array([F(r.get("Max")) for r in ranges], F)[: x.shape[1]]
        scale = (1.0 / (high - low).astype(D)).astype(F)
        return ((x - low) * scale * F(2) - F(1)).astype(F)

    # VariableDecorrTransform::Transform, TVectorT::operator*=
    def decorrelation(self, node, x):
        last = node.findall("Matrix")[-1]
        m = floats(last.text, D).reshape(int(last.get("Rows")), int(last.get("Columns")))
        out = np.zeros((len(x), m.shape[0]), D)
        for j in range(m.shape[1]):
            out += x[:, j : j + 1].astype(D) * m[:, j]
        return out.astype(F)

    # VariablePCATransform::X2P
    def pca(self, node, x):
        mean = floats(node.findall("Statistics")[-1].text, D)
        e = node.findall("Eigenvectors")[-1]
        e = floats(e.text, D).reshape(int(e.get("NRows")), int(e.get("NCols")))
        out = np.zeros((len(x), e.shape[1]), D)
        for j in range(e.shape[0]):
            out += (x[:, j : j + 1].astype(D) - mean[j]) * e[j, :]
        return out.astype(F)

    # VariableRearrangeTransform::Transform
    def rearrange(self, node, x):
        return x

    # VariableGaussTransform::Transform
    def gauss(self, node, x):
        columns = []
        for j, variable in enumerate(node.findall("Variable")):
            pdf = Pdf(list(variable)[-1].find("PDF"))
            c = np.array([pdf.value(D(v)) for v in x[:, j]], D)
            c = np.where(c <= 1.0 - 10e-10, c, 1.0 - 10e-10)
            c = np.where(c >= 10e-10, c, 10e-10)
            if node.get("FlatOrGauss") == "Flat":
                columns.append(c.astype(F))
            else:
                a = np.maximum(np.minimum(2.0 * c - 1.0, 0.99999999), -0.99999999)
                columns.append(np.array([F(1.414213562 * erf_inverse(v)) for v in a], F))
        return np.stack(columns, 1)

    def scores(self, x, spectators=None):
        x = self.event(x.astype(F))
        if self.kind == "BDT":
            result = self.bdt(x)
        elif self.kind == "Category":
            result = self.category(x, spectators)
        elif self.kind in ("MLP", "Fisher", "LD"):
            result = getattr(self, self.kind.lower())(x)
        else:
            raise ValueError(self.kind)
        if self.analysis == "Classification":  # Reader::EvaluateMVA
            result["prediction"] = np.where(np.isnan(x).any(1), -999.0, result["prediction"])
        return result

    # MethodBDT::PrivateGetMvaValue, GetGradBoostMVA, GetMulticlassValues, GetRegressionValues, ApplyPreselectionCuts
    def bdt(self, x):
        kind = self.options["BoostType"]
        yes_no = self.options.get("UseYesNoLeaf", "True") == "True" and kind not in ("RealAdaBoost", "AdaCost")
        boost = np.array([F(t.get("boostWeight")) for t in self.weights], F).astype(D)
        regression = self.weights.get("AnalysisType") == "1"
        leaf = "res" if regression else "purity"
        if self.analysis == "Classification" and kind != "Grad" and not regression and yes_no:
            leaf = "nType"
        trees = [self.tree(t[0], x, leaf) for t in self.weights]
        if self.analysis == "Multiclass":
            t = np.zeros((len(x), self.classes), D)
            for i, value in enumerate(trees):
                t[:, i % self.classes] += value
            p = np.zeros_like(t)
            for i in range(self.classes):
                norm = np.zeros(len(x), D)
                for j in range(self.classes):
                    if i != j:
                        norm += np.exp(t[:, j] - t[:, i])
                p[:, i] = 1.0 / (1.0 + norm)
            return {"prediction": p.astype(F), "margin": t}
        if self.analysis == "Regression" and kind == "AdaBoostR2":
            return {"prediction": self.target(self.median(np.stack(trees, 1), boost))}
        total, norm = np.zeros(len(x), D), D(0)
        for value, weight in zip(trees, boost):
            total = total + (value if kind == "Grad" else weight * value)
            norm = norm + weight
        if self.analysis == "Regression":
            value = total + boost[0] if kind == "Grad" else total / norm
            return {"prediction": self.target(value)}
        if kind == "Grad":
            return {"prediction": 2.0 / (1.0 + np.exp(-2.0 * total)) - 1, "margin": total}
        return {"prediction": total / norm}

    # DecisionTree::CheckEvent, DecisionTreeNode::GoesRight and ReadAttributes
    def tree(self, node, x, leaf):
        if int(node.get("nType")) != 0 and leaf == "purity" and node.get("purity") is None:
            signal = F(node.get("nS"))
            return np.full(len(x), D(signal / (signal + F(node.get("nB")))))
        if int(node.get("nType")) != 0:
            return np.full(len(x), D(F(node.get(leaf))) if leaf != "nType" else D(node.get(leaf)))
        count = int(node.get("NCoef", "0"))
        cut = F(node.get("Cut"))
        if count == 0:
            right = x[:, int(node.get("IVar"))] >= cut
        else:
            fisher = np.full(len(x), D(node.get(f"fC{count - 1}")))
            for i in range(count - 1):
                fisher = fisher + D(node.get(f"fC{i}")) * x[:, i].astype(D)
            right = fisher > D(cut)
        if int(node.get("cType")) == 0:
            right = ~right
        result = np.zeros(len(x), D)
        for child in node:
            rows = right if child.get("pos") == "r" else ~right
            result[rows] = self.tree(child, x[rows], leaf)
        return result

    def median(self, values, weights):
        total = D(0)
        for w in weights:
            total = total + w
        result = np.zeros(len(values), D)
        count = len(weights)
        for row in range(len(values)):
            order = np.argsort(values[row], kind="stable")
            v, w = values[row][order], weights[order]
            t, s = 0, D(0)
            while s <= total / 2.0:
                s = s + w[t]
                t += 1
            low = t - count // 6 - 0.5
            low = int(low) if t >= count // 6 else 0
            high = min(count, int(t + count // 6 + 0.5))
            r, n = D(0), 0
            for i in range(low, high):
                r = r + v[i]
                n += 1
            result[row] = r / n
        return result

    # TransformationHandler::InverseTransform, VariableNormalizeTransform::InverseTransform
    def target(self, values):
        values = np.asarray(values).reshape(len(values), -1).astype(F)
        chosen = None
        for node in reversed(self.transforms):
            if any(kind == "t" for kind, _ in self.selection(node, "Input")):
                chosen = node
        if chosen is None:
            return values
        out = values.copy()
        ranges = list(chosen.findall("Class"))[-1 if self.classes > 1 else 0].find("Ranges")
        pairs = zip(self.selection(chosen, "Input"), ranges)
        for (kind, index), r in pairs:
            if kind == "t":
                low, high = F(r.get("Min")), F(r.get("Max"))
                scale = F(1.0 / D(high - low))
                out[:, index] = low + (values[:, index] + F(1)) / (scale * F(2))
        return out

    # MethodANNBase::GetMvaValue, TNeuron, TNeuronInputSum and its kin, TActivation*
    def mlp(self, x):
        layers = [
            [floats(n.text or "", F).astype(D) for n in layer]
            for layer in self.weights.find("Layout")
        ]
        kind = self.options["NeuronType"]
        values = np.concatenate([x.astype(D), np.ones((len(x), 1))], 1)
        for index in range(1, len(layers)):
            is_last = index == len(layers) - 1
            count = len(layers[index]) - (0 if is_last else 1)
            out = np.ones((len(x), len(layers[index])), D)
            for k in range(count):
                s = np.zeros(len(x), D)
                for i, synapses in enumerate(layers[index - 1]):
                    term = values[:, i] * synapses[k]
                    how = self.options.get("NeuronInputType", "sum")
                    s = s + (term if how == "sum" else term * term if how == "sqsum" else np.abs(term))
                if is_last:
                    act = "sigmoid" if self.analysis == "Classification" and self.options.get("EstimatorType", "MSE") == "CE" else "linear"
                else:
                    act = kind
                out[:, k] = activation(act, s, self.version)
            values = out
        if self.analysis == "Regression":
            return {"prediction": self.target(values)}
        if self.analysis == "Multiclass":
            t = values.astype(F)
            p = np.zeros(t.shape, D)
            for i in range(t.shape[1]):
                norm = np.zeros(len(x), D)
                for j in range(t.shape[1]):
                    if i != j:
                        norm += np.exp(t[:, j] - t[:, i]).astype(D)
                p[:, i] = 1.0 / (1.0 + norm)
            return {"prediction": p.astype(F)}
        return {"prediction": values[:, 0]}

    # MethodCategory::GetMvaValue, PassesCut; the cuts are formulas of TTreeFormula, read here as Python
    def category(self, x, spectators):
        names = {n: x[:, i].astype(D) for i, n in enumerate(self.variables)}
        listed = self.root.find("Spectators")
        names |= {n.get("Expression"): spectators[:, i].astype(D) for i, n in enumerate(listed)}
        result = np.zeros(len(x), D)
        for method in self.weights:
            cut = method.get("Cut").replace("&&", " and ").replace("||", " or ")
            passes = [bool(eval(cut, {"abs": abs}, {n: v[i] for n, v in names.items()})) for i in range(len(x))]
            inner = Reader.__new__(Reader)
            inner.root = method
            inner.setup(method)
            chosen = x[:, [self.variables.index(n) for n in inner.variables]]
            result = np.where(passes, inner.scores(chosen)["prediction"], result)
        return {"prediction": result}

    # MethodFisher::GetMvaValue, ReadWeightsFromXML
    def fisher(self, x):
        c = [D(i.get("Value")) for i in self.weights]
        result = np.full(len(x), c[0])
        for i in range(x.shape[1]):
            result = result + c[i + 1] * x[:, i].astype(D)
        return {"prediction": result}

    # MethodLD::GetMvaValue, GetRegressionValues: each sum is a Float_t
    def ld(self, x):
        count = int(self.weights.get("NOut"))
        table = {(int(i.get("IndexOut")), int(i.get("IndexCoeff"))): D(i.get("Value")) for i in self.weights}
        out = np.zeros((len(x), count), F)
        for o in range(count):
            s = np.full(len(x), F(table[o, 0]), F)
            for i in range(x.shape[1]):
                s = (s.astype(D) + table[o, i + 1] * x[:, i].astype(D)).astype(F)
            out[:, o] = s
        return {"prediction": self.target(out) if self.analysis == "Regression" else out[:, 0].astype(D)}


def activation(kind, s, version):
    if kind == "linear":
        return s
    if kind == "sigmoid":
        return 1.0 / (1.0 + np.exp(-s))
    if kind == "radial":
        return np.exp(-s * s * 0.5)
    if kind == "ReLU":
        return np.where(s > 0, s, 0)
    if version < 0x40201:
        return np.tanh(s)
    # TActivationTanh::fast_tanh, not cut off beyond 4.97, as the Reader that made the reference does not
    a2 = (s * s).astype(F)
    a = (s * (F(135135) + a2 * (F(17325) + a2 * (F(378) + a2))).astype(D)).astype(F)
    b = F(135135) + a2 * (F(62370) + a2 * (F(3150) + a2 * F(28)))
    return (a / b).astype(D)


# TMath::ErfInverse, which differs from this one by at most 3e-14
def erf_inverse(x):
    eps, const = 1e-14, 0.8862269254527579
    if abs(x) <= eps:
        return const * x
    erfi = const * abs(x)
    y0 = math.erf(0.9 * erfi)
    derfi = 0.1 * erfi
    for _ in range(50):
        y1 = 1.0 - math.erfc(erfi)
        dy1 = abs(x) - y1
        if abs(dy1) < eps:
            return -erfi if x < 0 else erfi
        derfi *= dy1 / (y1 - y0)
        y0 = y1
        erfi += derfi
        if abs(derfi / erfi) < eps:
            return -erfi if x < 0 else erfi
    return 0.0


class Pdf:
    """PDF::ReadXML with InterpolMethod 1: TSpline1 over the bin centres, filled into a TH1F of 10000 bins; PDF::GetVal."""

    BINS, EPSILON = 10000, 1.0e-12

    def __init__(self, node):
        assert node.get("InterpolMethod") == "1" and node.get("MaxNSmooth") == "0"
        hist = node.find("Histogram")
        count = int(hist.get("NBins"))
        contents = floats(hist.text, D).astype(F).astype(D)
        if hist.get("HasEquidistantBins") == "1":
            low, high = D(hist.get("XMin")), D(hist.get("XMax"))
            edges = np.array([low + D(i) * ((high - low) / D(count)) for i in range(count + 1)], D)
            centres = np.array([low + (D(i) + 0.5) * ((high - low) / D(count)) for i in range(count)], D)
        else:
            edges = floats(node.find("HistogramBinning").text, D)
            centres = np.array([edges[i] + 0.5 * (edges[i + 1] - edges[i]) for i in range(count)], D)
        self.low, self.high = edges[0], edges[-1]
        self.width = (self.high - self.low) / D(self.BINS)
        self.contents = np.zeros(self.BINS, D)
        for b in range(self.BINS):
            x = self.centre(b)
            y = self.spline(centres, contents, x)
            if y <= self.EPSILON:
                y = contents[int(np.clip(np.searchsorted(edges, x, side="right") - 1, 0, count - 1))]
            self.contents[b] = D(F(max(y, self.EPSILON)))

    def centre(self, b):
        return self.low + (D(b) + 0.5) * self.width

    @staticmethod
    def spline(xs, ys, x):
        n = len(xs)
        i = int(np.searchsorted(xs, x, side="right") - 1)
        i = min(max(i, 0), n - 1)
        j = i + 1 if (x > xs[i] and i != n - 1) or i == 0 else i - 1
        return ys[i] + (x - xs[i]) * (ys[i] - ys[j]) / (xs[i] - xs[j])

    def value(self, x):
        if x < self.low:
            b = 0
        elif not x < self.high:
            b = self.BINS + 1
        else:
            b = 1 + int(self.BINS * (x - self.low) / (self.high - self.low))
        b = min(max(b, 1), self.BINS) - 1
        n = b + 1 if (x > self.centre(b) and b != self.BINS - 1) or b == 0 else b - 1
        dx = self.centre(b) - self.centre(n)
        dy = self.contents[b] - self.contents[n]
        value = self.contents[b] + (x - self.centre(b)) * dy / dx
        return value if value >= self.EPSILON else self.EPSILON
