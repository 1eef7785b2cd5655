"""Writes microsoft.npz: operators of ONNX Runtime's own domain, with what it computes from them.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
    python microsoft.py

Keys as in recipe.py.
"""

import numpy as np
from recipe import RNG, Cases, floats

CASES = Cases("microsoft")


def add(name, op, inputs, outputs=("y",), **attributes):
    CASES.add(name, op, 1, inputs, outputs, "com.microsoft", **attributes)


def codes(*shape, dtype=np.uint8, low=0, high=256):
    return RNG.integers(low, high, shape).astype(dtype)


def scale(value):
    return np.array(value, np.float32)


def activations():
    x, table = floats(2, 3, 8), floats(3, 4)
    add("Gelu", "Gelu", {"x": x})
    add("FastGelu", "FastGelu", {"x": x})
    add("FastGelu bias", "FastGelu", {"x": x, "b": floats(8)})
    add("BiasGelu", "BiasGelu", {"x": x, "b": floats(8)})
    add("QuickGelu", "QuickGelu", {"x": x})
    add("QuickGelu alpha", "QuickGelu", {"x": x}, alpha=1.5)
    image, window, bias = floats(1, 2, 5, 5), floats(3, 2, 3, 3), floats(3)
    for name, parameters in (("Relu", []), ("Tanh", []), ("Sigmoid", []), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.75]), ("HardSigmoid", [0.25, 0.5])):
        extra = {"activation_params": parameters} if parameters else {}
        add(f"FusedConv {name}", "FusedConv", {"x": image, "w": window, "b": bias}, activation=name, pads=[1, 1, 1, 1], **extra)
    add("FusedConv sum", "FusedConv", {"x": image, "w": window, "b": bias, "z": floats(1, 3, 3, 3)}, activation="Relu")
    add("FusedGemm", "FusedGemm", {"a": table, "b": floats(5, 4), "c": floats(5)}, activation="Relu", transB=1)
    add("FusedGemm alpha", "FusedGemm", {"a": table, "b": floats(4, 5)}, activation="LeakyRelu", activation_alpha=0.3)
    add("FusedMatMul", "FusedMatMul", {"a": floats(2, 4, 3), "b": floats(2, 5, 4)}, transA=1, transB=1, alpha=0.5)
    add("FusedMatMul plain", "FusedMatMul", {"a": table, "b": floats(4, 2)})


def normalizations():
    x, weights = floats(2, 3, 8), {"gamma": floats(8), "beta": floats(8)}
    add("SkipLayerNormalization", "SkipLayerNormalization", {"x": x, "skip": floats(2, 3, 8), **weights}, epsilon=1e-5)
    add("SkipLayerNormalization bias and sum", "SkipLayerNormalization", {"x": x, "skip": floats(2, 3, 8), **weights, "bias": floats(8)},
        ("y", "", "", "sum"))
    add("SkipSimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization", {"x": x, "skip": floats(2, 3, 8), "gamma": floats(8)},
        ("y", "", "", "sum"), epsilon=1e-6)
    CASES.add("SimplifiedLayerNormalization", "SimplifiedLayerNormalization", 17, {"x": x, "gamma": floats(8)}, axis=-1, epsilon=1e-6)
    words = {"ids": codes(2, 5, dtype=np.int32, high=9), "segments": codes(2, 5, dtype=np.int32, high=2)}
    tables = [("words", floats(9, 8)), ("positions", floats(7, 8)), ("kinds", floats(2, 8)), *weights.items()]
    order = [*words, *dict(tables)]
    add("EmbedLayerNormalization", "EmbedLayerNormalization", words, ("y", "count"), initializers=tables, order=order)
    mask = {"mask": np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)}
    add("EmbedLayerNormalization mask", "EmbedLayerNormalization", {**words, **mask}, ("y", "count", "sum"), initializers=tables,
        order=[*order, "mask"])


def quantized():
    for dtype, low, high in ((np.uint8, 0, 256), (np.int8, -128, 128)):
        zero, kind = np.array(3, dtype), dtype.__name__
        a, b = codes(3, 4, dtype=dtype, low=low, high=high), codes(3, 4, dtype=dtype, low=low, high=high)
        pair = {"a": a, "sa": scale(0.02), "za": zero, "b": b, "sb": scale(0.03), "zb": np.array(7, dtype)}
        for op in ("Add", "Mul"):
            add(f"QLinear{op} {kind}", f"QLinear{op}", {**pair, "sc": scale(0.05), "zc": zero})
        single = {"x": a, "sx": scale(0.04), "zx": zero, "sy": scale(0.03), "zy": np.array(-5 if low else 10, dtype)}
        add(f"QLinearLeakyRelu {kind}", "QLinearLeakyRelu", single, alpha=0.2)
        share = {**single, "sy": scale(1 / 256), "zy": np.array(low, dtype)}
        add(f"QLinearSigmoid {kind}", "QLinearSigmoid", share)
        add(f"QLinearSoftmax {kind}", "QLinearSoftmax", share, axis=-1, opset=13)
        image = codes(1, 2, 6, 6, dtype=dtype, low=low, high=high)
        add(f"QLinearAveragePool {kind}", "QLinearAveragePool", {**single, "x": image}, kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1])
        add(f"QLinearGlobalAveragePool {kind}", "QLinearGlobalAveragePool", {**single, "x": image})
        add(f"QLinearConcat {kind}", "QLinearConcat", {"sy": scale(0.05), "zy": zero, **pair}, axis=1)
    a, b = codes(3, 8), codes(8, 5, dtype=np.int8, low=-128, high=128)
    columns = {"sb": np.abs(floats(5)), "zb": codes(5, dtype=np.int8, low=-3, high=3), "bias": floats(5)}
    add("MatMulIntegerToFloat", "MatMulIntegerToFloat", {"a": a, "b": b, "sa": scale(0.02), "sb": scale(0.03)})
    add("MatMulIntegerToFloat columns", "MatMulIntegerToFloat", {"a": a, "b": b, "sa": scale(0.02), **columns, "za": np.array(9, np.uint8)},
        order=["a", "b", "sa", "sb", "za", "zb", "bias"])
    add("DynamicQuantizeMatMul", "DynamicQuantizeMatMul", {"a": floats(3, 8), "b": b, "sb": scale(0.03)})
    add("DynamicQuantizeMatMul columns", "DynamicQuantizeMatMul", {"a": floats(3, 8), "b": b, **columns})
    for bits, width in ((4, 64), (8, 64), (4, 40), (2, 64)):
        blocks = -(-width // 32)
        weights = [("b", codes(6, blocks, 32 * bits // 8)), ("scales", np.abs(floats(6 * blocks)))]
        zeros = [("zeros", codes(6 * -(-blocks * bits // 8)))]
        for name, given in (("", weights), (" zero points", weights + zeros)):
            add(f"MatMulNBits {bits} bits {width}{name}", "MatMulNBits", {"a": floats(2, 3, width)}, initializers=given, K=width, N=6, bits=bits,
                block_size=32)


def attention():
    x, mask, lengths = floats(2, 3, 8), np.array([[1, 1, 0], [1, 1, 1]], np.int32), np.array([2, 3], np.int32)
    own = {"x": x, "w": floats(8, 24), "b": floats(24)}
    add("Attention", "Attention", own, num_heads=2)
    add("Attention causal", "Attention", own, num_heads=4, unidirectional=1, scale=0.7)
    add("Attention mask", "Attention", {**own, "mask": mask}, num_heads=2)
    add("Attention lengths", "Attention", {**own, "mask": lengths}, num_heads=2)
    add("Attention sizes", "Attention", {"x": x, "w": floats(8, 20), "b": floats(20)}, num_heads=2, qkv_hidden_sizes=[8, 8, 4])
    add("Attention bias", "Attention", {**own, "mask": mask, "bias": floats(1, 2, 3, 3)}, num_heads=2, order=["x", "w", "b", "mask", "", "bias"])
    add("Attention past", "Attention", {**own, "past": floats(2, 2, 2, 4, 4)}, ("y", "present"), num_heads=2, unidirectional=1,
        order=["x", "w", "b", "", "past"])
    triple = {"q": floats(2, 3, 8), "k": floats(2, 5, 8), "v": floats(2, 5, 8)}
    add("MultiHeadAttention", "MultiHeadAttention", triple, num_heads=2)
    keys = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
    masked = ["q", "k", "v", "", "mask"]
    add("MultiHeadAttention mask", "MultiHeadAttention", {**triple, "mask": keys}, num_heads=2, order=masked)
    add("MultiHeadAttention lengths", "MultiHeadAttention", {**triple, "mask": np.array([3, 5], np.int32)}, num_heads=2, order=masked)
    add("MultiHeadAttention bias", "MultiHeadAttention", {**triple, "bias": floats(2, 2, 3, 5)}, num_heads=2, scale=0.3,
        order=["q", "k", "v", "", "", "bias"])
    same = {"q": floats(2, 3, 8), "k": floats(2, 3, 8), "v": floats(2, 3, 8)}
    add("MultiHeadAttention past", "MultiHeadAttention", {**same, "pk": floats(2, 2, 4, 4), "pv": floats(2, 2, 4, 4)}, ("y", "keys", "values"),
        num_heads=2, unidirectional=1, order=["q", "k", "v", "", "", "", "pk", "pv"])
    angles = floats(9, 2)
    rotation = {"positions": np.array([[0, 1, 2], [4, 5, 6]], np.int64), "cos": np.cos(angles), "sin": np.sin(angles)}
    add("RotaryEmbedding", "RotaryEmbedding", {"x": x, **rotation}, num_heads=2)
    add("RotaryEmbedding interleaved", "RotaryEmbedding", {"x": floats(2, 2, 3, 4), **rotation}, interleaved=1)
    add("RotaryEmbedding first position", "RotaryEmbedding", {"x": x, **rotation, "positions": np.array([3], np.int64)}, num_heads=2)


def quantized_layers():
    signed = {"dtype": np.int8, "low": -128, "high": 128}
    left, right = {"a": codes(3, 8), "sa": scale(0.02), "za": np.array(7, np.uint8)}, {"b": codes(8, 5, **signed), "sb": scale(0.03)}
    bias = {"c": RNG.integers(-900, 900, 5).astype(np.int32)}
    result = {"sy": scale(0.9), "zy": np.array(120, np.uint8)}
    add("QGemm", "QGemm", {**left, **right, "zb": np.array(3, np.int8), **bias, **result})
    add("QGemm float", "QGemm", {**left, **right, "zb": np.array(3, np.int8), **bias})
    add("QGemm no bias", "QGemm", {**left, **right, "zb": np.array(0, np.int8), **result}, order=[*left, "b", "sb", "zb", "", *result])
    turned = {"a": codes(8, 3, **signed), "sa": scale(0.02), "za": np.array(-7, np.int8), "b": codes(5, 8, **signed)}
    columns = {"sb": np.abs(floats(5)) * scale(0.05), "zb": np.zeros(5, np.int8)}
    add("QGemm columns", "QGemm", {**turned, **columns, **bias, "sy": scale(0.7), "zy": np.array(4, np.int8)}, transA=1, transB=1, alpha=0.5)


if __name__ == "__main__":
    for family in (activations, normalizations, quantized, attention, quantized_layers):
        family()
    CASES.write()
