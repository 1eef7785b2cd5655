"""Writes standard.npz: what ONNX's own cases leave out of operators of the default domain, as ONNX Runtime computes it.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
    python standard.py

Keys as in recipe.py.
"""

import numpy as np
from recipe import RNG, Cases, floats

CASES = Cases("standard")


def add(name, op, opset, inputs, outputs=("y",), **attributes):
    CASES.add(name, op, opset, inputs, outputs, **attributes)


def codes(*shape, dtype=np.uint8, low=0, high=256):
    return RNG.integers(low, high, shape).astype(dtype)


def scale(*values):
    return np.array(values if len(values) > 1 else values[0], np.float32)


def text():
    words = np.array([["jet", "muon", "jet", "tau", "muon"], ["tau", "jet", "muon", "jet", "é"]])
    pool = dict(ngram_counts=[0, 3], ngram_indexes=[2, 0, 4, 1, 3], min_gram_length=1, max_gram_length=2)
    for mode in ("TF", "IDF", "TFIDF"):
        for name, weights in (("", {}), (" weights", {"weights": [0.5, 2.0, 3.0, 0.25, 1.5]})):
            add(f"TfIdfVectorizer {mode}{name}", "TfIdfVectorizer", 9, {"x": words}, mode=mode, max_skip_count=1,
                pool_strings=["jet", "muon", "tau", "jet", "muon", "muon", "jet"], **pool, **weights)
    numbers = np.array([5, 7, 5, 9, 7, 5], np.int32)
    for skip in (0, 3):
        add(f"TfIdfVectorizer integers {skip}", "TfIdfVectorizer", 9, {"x": numbers}, mode="TFIDF", max_skip_count=skip,
            pool_int64s=[5, 7, 9, 5, 7, 7, 5], **pool)
    row = np.array(["Muon", "JET", "straße", "Éta", "tau", "muon"])
    for action in ("NONE", "LOWER", "UPPER"):
        for sensitive in (0, 1):
            add(f"StringNormalizer {action} {sensitive}", "StringNormalizer", 10, {"x": row}, case_change_action=action,
                is_case_sensitive=sensitive, stopwords=["jet", "muon"], locale="C.UTF-8")
            add(f"StringNormalizer {action} {sensitive} all", "StringNormalizer", 10, {"x": row[:1]}, case_change_action=action,
                is_case_sensitive=sensitive, stopwords=["Muon"], locale="C.UTF-8")


def quantized():
    image, window = codes(1, 4, 5, 5), codes(6, 2, 3, 3, dtype=np.int8, low=-128, high=128)
    zeros = codes(6, dtype=np.int8, low=-4, high=4)
    window_zero = np.array(0, np.int8)
    shape = dict(group=2, pads=[1, 1, 1, 1], strides=[2, 1])
    add("ConvInteger groups", "ConvInteger", 10, {"x": image, "w": window.view(np.uint8), "zx": np.array(7, np.uint8)}, **shape)
    common = {"x": image, "sx": scale(0.02), "zx": np.array(120, np.uint8), "w": window}
    ends = {"sy": scale(0.5), "zy": np.array(99, np.uint8)}
    add("QLinearConv bias", "QLinearConv", 10, {**common, "sw": scale(0.03), "zw": window_zero, **ends,
        "b": codes(6, dtype=np.int32, low=-2000, high=2000)}, **shape)
    add("QLinearConv channels", "QLinearConv", 10, {**common, "sw": np.abs(floats(6)) / 20, "zw": zeros * 0, **ends}, **shape)
    a, b = codes(3, 8), codes(8, 5, dtype=np.int8, low=-128, high=128)
    add("QLinearMatMul columns", "QLinearMatMul", 10, {"a": a, "sa": scale(0.02), "za": np.array(100, np.uint8), "b": b,
        "sb": np.abs(floats(5)) / 20, "zb": zeros[:5], "sy": scale(0.25), "zy": np.array(120, np.uint8)})
    add("MatMulInteger columns", "MatMulInteger", 10, {"a": a, "b": b, "za": np.array(100, np.uint8), "zb": zeros[:5]})
    names = ("y", "scale", "zero")
    for name, values in (("zeros", np.zeros(4)), ("positive", [1, 2, 5]), ("negative", [-1, -2.5]), ("mixed", [-1, 0.3, 2.2])):
        add(f"DynamicQuantizeLinear {name}", "DynamicQuantizeLinear", 11, {"x": np.array(values, np.float32)}, names)


def numbers():
    for dtype in (np.int8, np.int32, np.int64, np.uint8, np.float64, np.float16):
        x = np.array([-3, -1, 0, 1, 2, 5] if dtype != np.uint8 else [0, 1, 2, 5, 9, 200], dtype)
        add(f"Shrink {dtype.__name__}", "Shrink", 9, {"x": x}, bias=1.0, lambd=1.5)
    scores, labels = floats(3, 4, 2), RNG.integers(0, 4, (3, 2))
    labels[0, 1] = -7
    for reduction in ("none", "sum", "mean"):
        for op in ("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"):
            add(f"{op} {reduction}", op, 13, {"x": scores, "t": labels}, reduction=reduction, ignore_index=-7)
            add(f"{op} {reduction} weights", op, 13, {"x": scores, "t": labels.astype(np.int32), "w": np.abs(floats(4))}, reduction=reduction,
                ignore_index=-7)


if __name__ == "__main__":
    for family in (text, quantized, numbers):
        family()
    CASES.write()
