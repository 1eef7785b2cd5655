"""Writes small ONNX models of one node each, with inputs and what ONNX Runtime computes from them.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
    python recipe.py

old_forms.npz holds operators as older operator sets write them, machine_learning.npz those of ai.onnx.ml,
signals_and_images.npz both forms of operators on signals and images, new_forms.npz operators that older operator sets write
in another form, or by several nodes, training.npz one step of optimizers, as ONNX's reference implementation takes it. Keys are
CASE/model, CASE/input/NAME, CASE/output/NAME; a map is CASE/input/NAME/keys and .../values. ONNX Runtime starts at opset 7:
where a case is older, a second model says the same in opset 13, and that one is run. What ONNX Runtime has no kernel for, onnx's
reference implementation computes.
"""

from pathlib import Path

import numpy as np
import onnx
import onnx.reference
import onnxruntime
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

HERE = Path(__file__).parent
RNG = np.random.default_rng(1)


def info(name, value, fixed=False):
    """A dictionary is a map with its values as single elements."""
    if isinstance(value, dict):
        types = [helper.np_dtype_to_tensor_dtype(array.dtype) for array in arrays(value).values()]
        proto = helper.make_map_type_proto(types[0], helper.make_tensor_type_proto(types[1], None))
        return helper.make_value_info(name, proto)
    shape = value.shape if fixed else [f"{name}_{axis}" for axis in range(value.ndim)]
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), shape)


def arrays(table):
    columns = [np.array(list(part)) for part in (table.keys(), table.values())]
    return {key: part.astype(np.float32) if part.dtype == np.float64 else part for key, part in zip(("keys", "values"), columns)}


def model(nodes, inputs, outputs, opsets, initializers=(), fixed=False):
    infos = [info(name, value, fixed) for name, value in inputs.items()]
    results = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph(nodes, "case", infos, results, [numpy_helper.from_array(value, name) for name, value in initializers])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid(*item) for item in opsets], ir_version=8)


def run(proto, inputs, outputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        print("by the reference implementation:", proto.graph.node[0].op_type)
        return ReferenceEvaluator(proto).run(outputs, inputs)
    return session.run(outputs, inputs)


class Cases:
    def __init__(self, name):
        self.path, self.content, self.count = HERE / f"{name}.npz", {}, 0

    def add(self, name, op, opset, inputs, outputs=("y",), domain="", /, modern=None, initializers=(), fixed=False, **attributes):
        """`modern` is a list of nodes of opset 13 that mean the same; nodes read and write the same names.

        `fixed` shapes are numbers in the model, others symbols.
        """
        names = [key for key in inputs] + [key for key, _ in initializers]
        order = attributes.pop("order", names)
        node = helper.make_node(op, order, list(outputs), domain=domain, **attributes)
        opsets = [("", opset)] if not domain else [("", 17), (domain, opset)]
        proto = model([node], inputs, [o for o in outputs if o], opsets, initializers, fixed)
        runs = model(modern, inputs, [o for o in outputs if o], [("", 13)], initializers) if modern else proto
        results = run(runs, inputs, [o for o in outputs if o])
        self.put(name, proto, inputs, dict(zip([o for o in outputs if o], results, strict=True)))

    def put(self, name, proto, inputs, results):
        self.content[f"{name}/model"] = np.frombuffer(proto.SerializeToString(), np.uint8)
        for key, value in inputs.items():
            for part, array in (arrays(value) if isinstance(value, dict) else {"": value}).items():
                self.content[f"{name}/input/{key}/{part}".removesuffix("/")] = array
        for key, value in results.items():
            if isinstance(value, list):
                value = np.array([[row[label] for label in row] for row in value], np.float32)
            value = np.asarray(value)
            self.content[f"{name}/output/{key}"] = value.astype(str) if value.dtype == object else value
        self.count += 1

    def write(self):
        np.savez_compressed(self.path, **self.content)
        print(self.path.name, self.count, "cases,", self.path.stat().st_size, "bytes")


def floats(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def old_forms():
    cases = Cases("old_forms")
    cube, table, image = floats(2, 3, 4), floats(3, 4), floats(1, 2, 4, 5)
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        for opset, axis in ((7, 1), (9, 2), (11, 0), (11, -2)):
            cases.add(f"{op}-{opset} axis {axis}", op, opset, {"x": cube}, axis=axis)
        cases.add(f"{op}-7 default axis", op, 7, {"x": cube})
    for opset in (7, 9):
        channel = {name: np.abs(floats(2)) for name in ("scale", "bias", "mean", "variance")}
        cases.add(f"BatchNormalization-{opset}", "BatchNormalization", opset, {"x": image, **channel}, epsilon=1e-3)
    cases.add("Dropout-7", "Dropout", 7, {"x": table}, ratio=0.3)
    cases.add("Dropout-7 mask", "Dropout", 7, {"x": table}, ("y", "mask"), ratio=0.3)
    cases.add("Dropout-10 mask", "Dropout", 10, {"x": table}, ("y", "mask"))
    cases.add("Upsample-7 nearest", "Upsample", 7, {"x": image}, scales=[1.0, 1.0, 2.0, 3.0])
    cases.add("Upsample-7 linear", "Upsample", 7, {"x": image}, mode="linear", scales=[1.0, 1.0, 2.0, 2.0])
    scales = ("scales", np.array([1, 1, 1.5, 2], np.float32))
    cases.add("Upsample-9 nearest", "Upsample", 9, {"x": image}, initializers=[scales])
    cases.add("Resize-10 nearest", "Resize", 10, {"x": image}, initializers=[scales])
    cases.add("Resize-10 linear", "Resize", 10, {"x": image}, mode="linear", initializers=[scales])
    roi = ("roi", np.zeros(0, np.float32))
    cases.add("Resize-11 scales", "Resize", 11, {"x": image}, mode="linear", initializers=[roi, scales])
    cases.add("Resize-11 sizes", "Resize", 11, {"x": image}, mode="nearest", initializers=[
        roi, ("none", np.zeros(0, np.float32)), ("sizes", np.array([1, 2, 6, 7], np.int64))])
    cases.add("Clip-7 both", "Clip", 7, {"x": table}, min=-0.5, max=0.25)
    wide = np.array([-np.inf, -3, 0, 7, np.inf], np.float32)
    cases.add("Clip-7 minimum", "Clip", 7, {"x": wide}, min=-1.0)
    cases.add("Clip-10 maximum", "Clip", 10, {"x": wide}, max=1.0)
    cases.add("Pad-7 constant", "Pad", 7, {"x": table}, pads=[1, 0, 0, 2], value=1.5)
    cases.add("Pad-10 reflect", "Pad", 10, {"x": table}, mode="reflect", pads=[1, 1, 1, 2])
    cases.add("Pad-7 edge", "Pad", 7, {"x": table}, mode="edge", pads=[0, 1, 2, 0])
    cases.add("Slice-7", "Slice", 7, {"x": cube}, starts=[1, -3], ends=[2, 100], axes=[0, 2])
    cases.add("Slice-7 all axes", "Slice", 7, {"x": table}, starts=[0, 1], ends=[-1, 3])
    cases.add("TopK-7", "TopK", 7, {"x": cube}, ("y", "indices"), k=2, axis=1)
    cases.add("TopK-10", "TopK", 10, {"x": cube}, ("y", "indices"), initializers=[("k", np.array([3], np.int64))])
    for op in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"):
        data = np.abs(cube) if op == "LogSum" else cube
        cases.add(f"Reduce{op}-7", f"Reduce{op}", 7, {"x": data}, axes=[0, 2], keepdims=0)
        cases.add(f"Reduce{op}-11 all axes", f"Reduce{op}", 11, {"x": data})
        cases.add(f"Reduce{op}-{12 if op == 'Sum' else 17}", f"Reduce{op}", 12 if op == "Sum" else 17, {"x": data}, axes=[-1])
    cases.add("Split-7 sizes", "Split", 7, {"x": table}, ("y", "z"), axis=1, split=[1, 3])
    cases.add("Split-11 equal", "Split", 11, {"x": table}, ("y", "z", "u"))
    cases.add("Split-13 equal", "Split", 13, {"x": table}, ("y", "z"), axis=1)
    cases.add("Split-13 sizes", "Split", 13, {"x": table}, ("y", "z"), axis=-1, initializers=[("split", np.array([3, 1], np.int64))])
    cases.add("Squeeze-7", "Squeeze", 7, {"x": image}, axes=[0])
    cases.add("Squeeze-11 all", "Squeeze", 11, {"x": image})
    cases.add("Unsqueeze-7", "Unsqueeze", 7, {"x": table}, axes=[0, 3])
    cases.add("Unsqueeze-11", "Unsqueeze", 11, {"x": table}, axes=[-1])
    cases.add("Gemm-7", "Gemm", 7, {"a": floats(2, 3), "b": floats(4, 3), "c": floats(4)}, alpha=0.5, beta=2.0, transB=1)
    cases.add("Scatter-9", "Scatter", 9, {"x": table, "indices": np.array([[1, 0, 2, 0]], np.int64), "u": floats(1, 4)})
    cases.add("PRelu-7", "PRelu", 7, {"x": image, "slope": floats(2, 1, 1)})
    sizes = {"x": floats(5, 2, 3), "w": floats(1, 16, 3), "r": floats(1, 16, 4)}
    cases.add("LSTM-7", "LSTM", 7, sizes, ("y", "h"), hidden_size=4)
    sizes = {"x": floats(5, 2, 3), "w": floats(1, 12, 3), "r": floats(1, 12, 4), "b": floats(1, 24)}
    cases.add("GRU-7", "GRU", 7, sizes, ("y", "h"), hidden_size=4, linear_before_reset=1)
    sizes = {"x": floats(5, 2, 3), "w": floats(2, 4, 3), "r": floats(2, 4, 4)}
    cases.add("RNN-7", "RNN", 7, sizes, ("y", "h"), hidden_size=4, direction="bidirectional")
    for mode in ("bilinear", "nearest", "bicubic"):
        grid = np.clip(floats(1, 3, 3, 2), -1, 1)
        cases.add(f"GridSample-16 {mode}", "GridSample", 16, {"x": image, "grid": grid}, mode=mode, align_corners=1)
    cases.add("GroupNormalization-18", "GroupNormalization", 18, {"x": floats(2, 4, 3), "scale": floats(2), "bias": floats(2)},
              num_groups=2, modern=group_normalization())
    before_seven(cases, table, cube, image)
    cases.write()


def group_normalization():
    """Opset 18 in words of 13: two groups of four channels, one scale and bias a group, epsilon 1e-5."""
    def constant(name, value):
        return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))

    return [
        constant("split", np.array([2, 2, -1], np.int64)), helper.make_node("Reshape", ["x", "split"], ["groups"]),
        helper.make_node("ReduceMean", ["groups"], ["mean"], axes=[2]), helper.make_node("Sub", ["groups", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "centred"], ["squares"]), helper.make_node("ReduceMean", ["squares"], ["variance"], axes=[2]),
        constant("epsilon", np.array(1e-5, np.float32)), helper.make_node("Add", ["variance", "epsilon"], ["safe"]),
        helper.make_node("Sqrt", ["safe"], ["deviation"]), helper.make_node("Div", ["centred", "deviation"], ["normal"]),
        constant("column", np.array([2, 1], np.int64)), helper.make_node("Reshape", ["scale", "column"], ["factor"]),
        helper.make_node("Reshape", ["bias", "column"], ["shift"]), helper.make_node("Mul", ["normal", "factor"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["shifted"]), helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Reshape", ["shifted", "shape"], ["y"])]


def before_seven(cases, table, cube, image):
    def unsqueezed(op, *axes):
        axes = helper.make_node("Constant", [], ["axes"], value_ints=list(axes))
        return [axes, helper.make_node("Unsqueeze", ["b", "axes"], ["column"]), helper.make_node(op, ["a", "column"], ["y"])]

    pair = {"a": cube, "b": np.abs(floats(3)) + 1}
    for op in ("Add", "Sub", "Mul", "Div", "Pow", "Greater", "Less", "Equal"):
        inputs = {"a": np.abs(cube), "b": pair["b"]} if op == "Pow" else pair
        cases.add(f"{op}-6 axis", op, 6, inputs, broadcast=1, axis=1, modern=unsqueezed(op, 1))
    flags = {"a": cube > 0, "b": np.array([True, False, True])}
    for op in ("And", "Or", "Xor"):
        cases.add(f"{op}-1 axis", op, 1, flags, broadcast=1, axis=1, modern=unsqueezed(op, 1))
    same = {"a": table, "b": floats(3, 4)}
    cases.add("Add-1 plain", "Add", 1, same, modern=[helper.make_node("Add", ["a", "b"], ["y"])])
    cases.add("Add-6 last axis", "Add", 6, {"a": table, "b": floats(4)}, broadcast=1, modern=[helper.make_node("Add", ["a", "b"], ["y"])])
    for op in ("Abs", "Ceil", "Exp", "Floor", "Neg", "Reciprocal", "Relu", "Sigmoid", "Tanh", "Elu", "LeakyRelu", "HardSigmoid"):
        cases.add(f"{op}-1", op, 1, {"x": table}, consumed_inputs=[0], modern=[helper.make_node(op, ["x"], ["y"])])
    for op in ("Max", "Min", "Sum", "Mean"):
        cases.add(f"{op}-1", op, 1, same, consumed_inputs=[0, 0], modern=[helper.make_node(op, ["a", "b"], ["y"])])
    cases.add("Selu-1", "Selu", 1, {"x": table}, modern=[helper.make_node("Selu", ["x"], ["y"], alpha=1.6732, gamma=1.0507)])
    cases.add("Cast-1", "Cast", 1, {"x": table}, to="INT32", modern=[helper.make_node("Cast", ["x"], ["y"], to=T.INT32)])
    cases.add("Concat-1 default axis", "Concat", 1, same, modern=[helper.make_node("Concat", ["a", "b"], ["y"], axis=1)])
    shape = helper.make_node("Constant", [], ["shape"], value_ints=[2, -1])
    cases.add("Reshape-1", "Reshape", 1, {"x": table}, shape=[2, -1], modern=[shape, helper.make_node("Reshape", ["x", "shape"], ["y"])])
    pads = helper.make_node("Constant", [], ["pads"], value_ints=[1, 0, 0, 2])
    cases.add("Pad-1", "Pad", 1, {"x": table}, paddings=[1, 0, 0, 2], modern=[pads, helper.make_node("Pad", ["x", "pads"], ["y"])])
    channel = {name: np.abs(floats(2)) for name in ("scale", "bias", "mean", "variance")}
    cases.add("BatchNormalization-6", "BatchNormalization", 6, {"x": image, **channel}, is_test=1,
              modern=[helper.make_node("BatchNormalization", ["x", *channel], ["y"])])
    cases.add("Dropout-6", "Dropout", 6, {"x": table}, is_test=1, modern=[helper.make_node("Identity", ["x"], ["y"])])
    cases.add("Gemm-6", "Gemm", 6, {"a": floats(2, 3), "b": floats(3, 4), "c": floats(4)}, broadcast=1,
              modern=[helper.make_node("Gemm", ["a", "b", "c"], ["y"])])
    axes = helper.make_node("Constant", [], ["axes"], value_ints=[1, 2])
    cases.add("PRelu-6 slope a channel", "PRelu", 6, {"x": image, "slope": floats(2)}, modern=[
        axes, helper.make_node("Unsqueeze", ["slope", "axes"], ["column"]), helper.make_node("PRelu", ["x", "column"], ["y"])])
    cases.add("Split-1 default axis", "Split", 1, {"x": np.concatenate([table, table])}, ("y", "z"),
              modern=[helper.make_node("Split", ["x"], ["y", "z"], axis=0)])
    cases.add("LpPool-1", "LpPool", 1, {"x": image}, p=2.0, kernel_shape=[2, 2],
              modern=[helper.make_node("LpPool", ["x"], ["y"], p=2, kernel_shape=[2, 2])])
    cases.add("GlobalLpPool-1", "GlobalLpPool", 1, {"x": image}, p=2.0, modern=[helper.make_node("GlobalLpPool", ["x"], ["y"], p=2)])
    sizes = {"x": floats(5, 2, 3), "w": floats(1, 16, 3), "r": floats(1, 16, 4)}
    cases.add("LSTM-1", "LSTM", 1, sizes, ("y", "h"), hidden_size=4, output_sequence=1,
              modern=[helper.make_node("LSTM", list(sizes), ["y", "h"], hidden_size=4)])
    cases.add("InstanceNormalization-1", "InstanceNormalization", 1, {"x": image, "s": floats(2), "b": floats(2)}, consumed_inputs=[0],
              modern=[helper.make_node("InstanceNormalization", ["x", "s", "b"], ["y"])])


def new_forms():
    cases = Cases("new_forms")
    cube, table, image = floats(2, 3, 4), floats(3, 4), floats(1, 2, 4, 5)

    def add(op, opset, inputs, outputs=("y",), initializers=(), **attributes):
        cases.add(f"{op} {cases.count}", op, opset, inputs, outputs, initializers=list(initializers.items()) if initializers else (),
                  **attributes)

    def ints(*values):
        return np.array(values, np.int64)

    for kind in (np.float32, np.float64):
        add("Gelu", 20, {"x": cube.astype(kind)})
        add("Gelu", 20, {"x": cube.astype(kind)}, approximate="tanh")
        add("Swish", 24, {"x": cube.astype(kind)})
        add("Mish", 18, {"x": cube.astype(kind)})
        add("HardSwish", 14, {"x": 3 * cube.astype(kind)})
    add("Swish", 24, {"x": cube}, alpha=1.5)
    for axis in (-1, 1, -2):
        shape = cube.shape[axis:]
        add("LayerNormalization", 17, {"x": cube, "scale": floats(*shape), "bias": floats(*shape)}, axis=axis, epsilon=1e-3)
        add("RMSNormalization", 23, {"x": cube, "scale": floats(*shape)}, axis=axis, epsilon=1e-3)
    add("LayerNormalization", 17, {"x": cube, "scale": floats(4)})
    half = {"x": cube.astype(np.float16), "scale": floats(4).astype(np.float16)}
    add("LayerNormalization", 17, half)
    add("RMSNormalization", 23, half)
    for shape in ((2, 4, 3), (2, 4, 3, 5), (3, 6)):
        inputs = {"x": floats(*shape), "scale": floats(shape[1]), "bias": floats(shape[1])}
        for fixed in (False, True):
            add("GroupNormalization", 21, inputs, num_groups=2, fixed=fixed)
    add("CastLike", 19, {"x": table, "like": np.zeros(1, np.int64)})
    for bounds in ({"start": 1}, {"end": -1}, {"start": -2, "end": 3}, {"start": 2, "end": 1}, {"end": 9}):
        add("Shape", 19, {"x": cube}, **bounds)
    add("Split", 18, {"x": table}, ("y", "z"), axis=1, num_outputs=2, fixed=True)
    add("Split", 18, {"x": table}, ("y", "z"), axis=-2, num_outputs=2, fixed=True)
    add("Split", 18, {"x": table}, ("y", "z"), axis=-1, num_outputs=2)
    for op in ("Max", "Mean", "L2", "SumSquare"):
        add(f"Reduce{op}", 18, {"x": cube}, initializers={"axes": ints(-1, 0)})
        add(f"Reduce{op}", 18, {"x": cube}, keepdims=0)
        add(f"Reduce{op}", 18, {"x": cube}, noop_with_empty_axes=1)
        add(f"Reduce{op}", 18, {"x": cube, "axes": ints(1)})
    add("Pad", 19, {"x": cube}, initializers={"pads": ints(1, 0, 2, 1), "value": np.float32(7), "axes": ints(-1, 0)})
    add("Pad", 19, {"x": cube}, initializers={"pads": ints(1, 2), "none": np.float32(0), "axes": ints(1)}, mode="edge")
    add("Pad", 19, {"x": cube}, initializers={"pads": ints(0, 0, 1, 0, 0, 2)}, mode="wrap")
    scales, sizes = np.array([2, 1.5], np.float32), ints(6, 7)
    for fixed in (False, True):
        add("Resize", 19, {"x": image}, initializers={"scales": scales}, order=["x", "", "scales"], axes=[-1, 2], mode="linear", fixed=fixed)
        add("Resize", 19, {"x": image}, initializers={"sizes": sizes}, order=["x", "", "", "sizes"], axes=[2, 3], fixed=fixed)
    add("Resize", 19, {"x": image}, initializers={"scales": scales / 4}, order=["x", "", "scales"], axes=[2, 3], mode="linear", antialias=1)
    add("Resize", 19, {"x": image}, initializers={"sizes": sizes}, order=["x", "", "", "sizes"], axes=[2, 3], fixed=True,
        keep_aspect_ratio_policy="not_larger")
    for mode in ("linear", "nearest", "cubic"):
        add("GridSample", 20, {"x": image, "grid": np.clip(floats(1, 3, 3, 2), -1, 1)}, mode=mode, padding_mode="border")
    add("GridSample", 20, {"x": floats(1, 1, 2, 3, 4), "grid": np.clip(floats(1, 2, 2, 2, 3), -1, 1)})
    for reduction in ("add", "mul", "max", "min"):
        rows = {"x": table, "indices": ints(0, 2, 0).reshape(3, 1), "updates": floats(3, 1)}
        add("ScatterElements", 18, rows, axis=1, reduction=reduction)
        add("ScatterND", 18, {**rows, "updates": floats(3, 4)}, reduction=reduction)
    statistics = {name: np.abs(floats(2)) for name in ("scale", "bias", "mean", "variance")}
    add("BatchNormalization", 15, {"x": image, **statistics})
    add("Reshape", 14, {"x": np.zeros((0, 3), np.float32)}, initializers={"shape": ints(0, 2)}, allowzero=1)
    add("Add", 14, {"x": np.array([1, 2], np.uint8), "z": np.array([3, 4], np.uint8)})
    add("Relu", 14, {"x": np.array([-1, 2], np.int32)})
    add("AveragePool", 19, {"x": image}, kernel_shape=[2, 2], dilations=[2, 2])
    add("LpPool", 18, {"x": image}, kernel_shape=[2, 2], ceil_mode=1, strides=[2, 2])
    add("ReduceMin", 20, {"x": np.array([[True, False], [True, True]])}, initializers={"axes": ints(1)})
    cases.write()


def stump(mode="BRANCH_LEQ", threshold=0.0, trees=1, missing=0):
    count = range(trees)
    return dict(nodes_treeids=[t for t in count for _ in range(3)], nodes_nodeids=[0, 1, 2] * trees, nodes_featureids=[0, 0, 0] * trees,
                nodes_modes=[mode, "LEAF", "LEAF"] * trees, nodes_values=[threshold, 0.0, 0.0] * trees,
                nodes_truenodeids=[1, 0, 0] * trees, nodes_falsenodeids=[2, 0, 0] * trees,
                nodes_missing_value_tracks_true=[missing, 0, 0] * trees)


def leaves(stem, items, trees=1):
    return {f"{stem}_treeids": [t for t in range(trees) for _ in items], f"{stem}_nodeids": [item[0] for item in items] * trees,
            f"{stem}_ids": [item[1] for item in items] * trees, f"{stem}_weights": [item[2] for item in items] * trees}


def machine_learning():
    cases = Cases("machine_learning")

    def add(name, op, inputs, outputs=("y",), version=3, **attributes):
        cases.add(name, op, version, inputs, outputs, "ai.onnx.ml", **attributes)

    x = np.array([[2, -1], [-3, 0.5], [0.3, 0.3], [0, 0]], np.float32)
    table = np.concatenate([floats(4, 3), np.zeros((1, 3), np.float32)])
    for norm in ("MAX", "L1", "L2"):
        add(f"Normalizer {norm}", "Normalizer", {"x": table}, norm=norm)
    add("Scaler", "Scaler", {"x": table}, offset=[1.0, 2.0, 3.0], scale=[0.5, 2.0, 1.0])
    add("Scaler of integers", "Scaler", {"x": np.arange(6).reshape(2, 3)}, offset=[1.0], scale=[0.5])
    add("Binarizer", "Binarizer", {"x": table}, threshold=0.25)
    add("ArrayFeatureExtractor", "ArrayFeatureExtractor", {"x": table, "i": np.array([2, 0], np.int64)})
    add("FeatureVectorizer", "FeatureVectorizer", {"a": table, "b": floats(5, 2)}, inputdimensions=[3, 2])
    holes = np.array([[1, np.nan, 3], [np.nan, 5, 6]], np.float32)
    add("Imputer NaN", "Imputer", {"x": holes}, imputed_value_floats=[7.0, 8.0, 9.0], replaced_value_float=float("nan"))
    add("Imputer value", "Imputer", {"x": np.array([[1, 0], [0, 4]], np.int64)}, imputed_value_int64s=[7], replaced_value_int64=0)
    words = np.array([["b", "x"], ["a", "c"]])
    add("LabelEncoder-1", "LabelEncoder", {"x": words}, version=1, classes_strings=["a", "b", "c"], default_int64=-7)
    add("LabelEncoder-2 strings", "LabelEncoder", {"x": words}, version=2, keys_strings=["a", "b"], values_floats=[1.5, 2.5], default_float=9.0)
    numbers = np.array([3, 1, 4, 1], np.int64)
    add("LabelEncoder-2 integers", "LabelEncoder", {"x": numbers}, version=2, keys_int64s=[1, 3], values_strings=["one", "three"])
    add("LabelEncoder-2 NaN", "LabelEncoder", {"x": np.array([1, np.nan, 2], np.float32)}, version=2,
        keys_floats=[float("nan"), 1.0], values_int64s=[10, 20])
    add("LabelEncoder-4", "LabelEncoder", {"x": numbers}, version=4, keys_tensor=numpy_helper.from_array(np.array([1, 3], np.int64)),
        values_tensor=numpy_helper.from_array(np.array([0.5, 0.25])), default_tensor=numpy_helper.from_array(np.array([-1.0])))
    add("LabelEncoder-4 NaN", "LabelEncoder", {"x": np.array([1, np.nan, 2], np.float32)}, version=4,
        keys_floats=[float("nan"), 1.0], values_int64s=[10, 20])
    add("CategoryMapper strings", "CategoryMapper", {"x": words}, cats_strings=["a", "b"], cats_int64s=[5, 6])
    add("CategoryMapper integers", "CategoryMapper", {"x": numbers}, cats_strings=["one", "four"], cats_int64s=[1, 4], default_string="?")
    add("OneHotEncoder", "OneHotEncoder", {"x": np.array([[3], [1], [8]], np.int64)}, cats_int64s=[1, 3, 5])
    add("OneHotEncoder strict", "OneHotEncoder", {"x": np.array([[3], [1]], np.int64)}, cats_int64s=[1, 3, 5], zeros=0)
    add("OneHotEncoder strings", "OneHotEncoder", {"x": words}, cats_strings=["a", "b"])
    add("LinearRegressor", "LinearRegressor", {"x": x}, coefficients=[2.0, 3.0], intercepts=[0.5], targets=1)
    small = dict(coefficients=[0.01, 0.02, -0.02, 0.01], intercepts=[0.9, 0.125], post_transform="PROBIT")
    add("LinearRegressor PROBIT", "LinearRegressor", {"x": x}, targets=2, **small)
    add("LinearClassifier two scores PROBIT", "LinearClassifier", {"x": x}, ("label", "scores"), classlabels_ints=[5, 7], **small)
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        add(f"LinearRegressor {transform}", "LinearRegressor", {"x": x}, coefficients=[2.0, 3.0, 1.0, -1.0], intercepts=[0.5, 1.0],
            targets=2, post_transform=transform)
        add(f"LinearClassifier two scores {transform}", "LinearClassifier", {"x": x}, ("label", "scores"), coefficients=[1.0, 0.0, 0.5, 1.0],
            intercepts=[0.5, 0.25], classlabels_ints=[5, 7], post_transform=transform)
        add(f"LinearClassifier one score {transform}", "LinearClassifier", {"x": x}, ("label", "scores"), coefficients=[1.0, 0.5],
            intercepts=[0.25], classlabels_strings=["light", "heavy"], post_transform=transform)
    for kernel, parameters in (("LINEAR", [0.5, 0.0, 3.0]), ("RBF", [0.5, 0.0, 3.0]), ("POLY", [0.5, 1.5, 2.0]), ("SIGMOID", [0.5, 0.25, 3.0])):
        add(f"SVMRegressor {kernel}", "SVMRegressor", {"x": x}, kernel_type=kernel, kernel_params=parameters, coefficients=[0.5, -1.0, 2.0],
            support_vectors=[1.0, 2.0, -1.0, 0.5, 0.25, 0.75], n_supports=3, rho=[0.125])
    svm_classifiers(add, x)
    add("DictVectorizer words", "DictVectorizer", {"x": {"muon": 2.5, "other": 4.0}}, version=1, string_vocabulary=["jet", "muon", "tau"])
    add("DictVectorizer integers", "DictVectorizer", {"x": {13: 2.5, 11: 4.0}}, version=1, int64_vocabulary=[11, 13, 15])
    numbers = {3: 2.5, 0: -1.75, 7: 4.0}
    for form in ("DENSE", "SPARSE"):
        add(f"CastMap {form}", "CastMap", {"x": numbers}, version=1, map_form=form, max_map=5)
        add(f"CastMap {form} to integers", "CastMap", {"x": numbers}, version=1, map_form=form, max_map=5, cast_to="TO_INT64")
    trees(add)
    cases.write()


def svm_classifiers(add, x):
    """Pairs of classes: coefficients are one row less than classes, one column for each support vector."""
    vectors = [1.0, 2.0, -1.0, 0.5, 0.25, 0.75, -0.5, -2.0]
    machines = {2: (([3, 1], [0.5, -1.0, 0.25, 2.0], [0.125]), ([-0.25], [0.125])),
                3: (([1, 2, 1], [0.5, -1.0, 2.0, 0.3, -0.2, 0.7, 0.4, -0.6], [0.125, -0.5, 0.25]), ([-1.5, -1.0, -0.5], [0.25, 0.0, 0.1]))}
    for classes, ((counts, coefficients, rho), (slopes, shifts)) in machines.items():
        labels = {"classlabels_ints": [5, 7, 9][:classes]} if classes == 2 else {"classlabels_strings": ["b", "c", "light"]}
        common = dict(support_vectors=vectors, vectors_per_class=counts, coefficients=coefficients, rho=rho, **labels)
        for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"):
            if classes > 2 or transform in ("NONE", "LOGISTIC"):
                add(f"SVMClassifier {classes} scores {transform}", "SVMClassifier", {"x": x}, ("label", "scores"), post_transform=transform,
                    kernel_type="RBF", kernel_params=[0.5, 0.0, 3.0], **common)
            add(f"SVMClassifier {classes} probabilities {transform}", "SVMClassifier", {"x": x}, ("label", "scores"),
                post_transform=transform, kernel_type="POLY", kernel_params=[0.5, 1.5, 2.0], prob_a=slopes, prob_b=shifts, **common)
    add("SVMClassifier linear", "SVMClassifier", {"x": x.astype(np.float64)}, ("label", "scores"), coefficients=[1.0, 2.0, -0.5, 0.25, 0.3, 0.3],
        rho=[0.125], kernel_type="LINEAR", kernel_params=[0.0, 0.0, 0.0], classlabels_ints=[5, 7, 9])


def training():
    """ONNX Runtime has no optimizers without its training build."""
    cases = Cases("training")

    def add(name, op, count, inputs, dtype=np.float32, step=3, **attributes):
        table = {"r": np.array(0.1, dtype), "t": np.array(step, np.int64)}
        for part in inputs:
            for variable in range(count):
                value = RNG.normal(size=(2, 3)[variable:]).astype(dtype)
                table[f"{part}{variable}"] = np.abs(value) if part == "h" else value
        outputs = [f"new_{key}" for key in table if key[0] in inputs and key[0] != "g"]
        node = helper.make_node(op, list(table), outputs, domain="ai.onnx.preview.training", **attributes)
        proto = model([node], table, outputs, [("", 17), ("ai.onnx.preview.training", 1)])
        results = onnx.reference.ReferenceEvaluator(proto).run(outputs, table)
        cases.put(name, proto, table, {key: np.asarray(value, dtype) for key, value in zip(outputs, results, strict=True)})

    for name, dtype in (("", np.float32), (" float64", np.float64)):
        add("Adagrad" + name, "Adagrad", 1, "xgh", dtype, norm_coefficient=0.01, decay_factor=0.1, epsilon=1e-3)
        add("Adam" + name, "Adam", 1, "xgvh", dtype, norm_coefficient=0.01, alpha=0.95, beta=0.8, epsilon=1e-3, norm_coefficient_post=0.02)
        for mode in ("standard", "nesterov"):
            add(f"Momentum {mode}{name}", "Momentum", 1, "xgv", dtype, norm_coefficient=0.01, alpha=0.95, beta=0.8, mode=mode)
    add("Adagrad two", "Adagrad", 2, "xgh", norm_coefficient=0.0)
    add("Adam two", "Adam", 2, "xgvh", alpha=0.9, beta=0.999)
    add("Adam first step", "Adam", 1, "xgvh", step=0, alpha=0.9, beta=0.999)
    add("Momentum two", "Momentum", 2, "xgv", norm_coefficient=0.001, alpha=0.95, beta=0.1, mode="nesterov")
    add("Momentum first step", "Momentum", 1, "xgv", step=0, norm_coefficient=0.0, alpha=0.95, beta=0.1, mode="standard")
    cases.write()


def trees(add):
    column = np.array([[-1], [0], [1], [np.nan]], np.float32)
    for mode in ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ"):
        for missing in (0, 1):
            add(f"TreeEnsembleRegressor {mode} {missing}", "TreeEnsembleRegressor", {"x": column}, n_targets=1,
                **stump(f"BRANCH_{mode}", missing=missing), **leaves("target", [(1, 0, 1.0), (2, 0, 2.0)]))
    mixed = stump("BRANCH_LEQ", trees=2)
    mixed["nodes_modes"][3] = "BRANCH_LT"
    add("TreeEnsembleRegressor mixed modes", "TreeEnsembleRegressor", {"x": column}, n_targets=1, **mixed,
        **leaves("target", [(1, 0, 1.0), (2, 0, 2.0)], 2))
    for kind in ("SUM", "AVERAGE", "MIN", "MAX"):
        for base in ([], [0.5, -0.25]):
            items = [(1, 0, 0.3), (1, 1, -0.7), (2, 0, -0.8), (2, 1, 0.9)]
            extra = {"base_values": base} if base else {}
            add(f"TreeEnsembleRegressor {kind} {len(base)}", "TreeEnsembleRegressor", {"x": column}, n_targets=2, aggregate_function=kind,
                **extra, **stump(trees=3), **leaves("target", items, 3))
    for transform in ("LOGISTIC", "SOFTMAX", "PROBIT"):
        add(f"TreeEnsembleRegressor {transform}", "TreeEnsembleRegressor", {"x": column}, n_targets=2, post_transform=transform,
            **stump(), **leaves("target", [(1, 0, 0.3), (1, 1, -0.7), (2, 0, -0.8), (2, 1, 0.9)]))
    add("TreeEnsembleRegressor float64", "TreeEnsembleRegressor", {"x": column.astype(np.float64)}, n_targets=1,
        **stump(threshold=0.1), **leaves("target", [(1, 0, 1.0), (2, 0, 2.0)]))
    for name, weights in (("positive", (0.3, 0.8)), ("mixed", (-0.7, 0.9))):
        for transform in ("NONE", "LOGISTIC", "SOFTMAX"):
            for base in ([], [0.25]):
                extra = {"base_values": base} if base else {}
                add(f"TreeEnsembleClassifier shared {name} {transform} {len(base)}", "TreeEnsembleClassifier", {"x": column},
                    ("label", "scores"), classlabels_int64s=[5, 7], post_transform=transform, **extra, **stump(),
                    **leaves("class", [(1, 0, weights[0]), (2, 0, weights[1])]))
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"):
        for name, items in (("full", [(n, c, w) for n in (1, 2) for c, w in enumerate((0.1 * n, 0.5 / n, 0.4))]),
                            ("sparse", [(1, 0, -0.7), (1, 1, -0.3), (2, 2, -0.9)])):
            add(f"TreeEnsembleClassifier {name} {transform}", "TreeEnsembleClassifier", {"x": column}, ("label", "scores"),
                classlabels_strings=["b", "c", "light"], post_transform=transform, **stump(), **leaves("class", items))
    add("TreeEnsembleClassifier base", "TreeEnsembleClassifier", {"x": column}, ("label", "scores"), classlabels_int64s=[0, 4, 5],
        base_values=[0.5, 0.125, 0.25], **stump(), **leaves("class", [(1, 0, 0.7), (1, 1, 0.3), (2, 2, 0.9)]))


def signals_and_images():
    cases = Cases("signals_and_images")
    rng = np.random.default_rng(2)

    def eighths(*shape):
        return (rng.integers(-16, 17, shape) / 8).astype(np.float32)

    def number(name, value, kind=np.int64):
        return name, np.array(value, kind)

    signal, image = eighths(2, 8, 3, 2), eighths(2, 3, 6, 6)
    cases.add("DFT-17 default axis", "DFT", 17, {"x": signal})
    cases.add("DFT-17 last axis", "DFT", 17, {"x": signal}, axis=2, inverse=1)
    cases.add("DFT-17 length", "DFT", 17, {"x": signal[..., :1]}, initializers=[number("length", 4)], onesided=1)
    cases.add("DFT-20 default axis", "DFT", 20, {"x": signal})
    cases.add("DFT-20 axis", "DFT", 20, {"x": signal}, initializers=[number("length", 4), number("axis", 1)])
    cases.add("STFT-17", "STFT", 17, {"x": eighths(1, 16, 1)}, initializers=[number("step", 4), ("window", np.abs(eighths(8)))])
    for op in ("HannWindow", "HammingWindow", "BlackmanWindow"):
        cases.add(f"{op}-17", op, 17, {"size": np.array(9)}, periodic=0)
    edges = [number("low", 0, np.float32), number("high", 4000, np.float32)]
    cases.add("MelWeightMatrix-17", "MelWeightMatrix", 17, {}, initializers=[number("n", 5), number("l", 32), number("r", 8000), *edges])
    regions = np.array([[0, 0, 5, 5], [1.5, 1, 4, 3.5], [2, 2, 9, 9]], np.float32)
    for opset in (10, 16):
        for mode in ("avg", "max"):
            cases.add(f"RoiAlign-{opset} {mode}", "RoiAlign", opset, {"x": image, "regions": regions, "i": np.array([0, 1, 1])}, mode=mode,
                      output_height=2, output_width=2, sampling_ratio=2, spatial_scale=0.5)
    numbered = np.concatenate([np.array([[1], [0], [1]], np.float32), regions], axis=1)
    cases.add("MaxRoiPool-7", "MaxRoiPool", 7, {"x": image, "regions": numbered}, pooled_shape=[2, 3])
    boxes = np.abs(eighths(1, 6, 4))
    limits = [number("limit", 3), number("overlap", 0.5, np.float32), number("least", 0.1, np.float32)]
    for opset in (10, 11):
        cases.add(f"NonMaxSuppression-{opset}", "NonMaxSuppression", opset, {"boxes": boxes, "scores": eighths(1, 2, 6)}, initializers=limits)
    pooled, places = eighths(1, 2, 2, 2), np.array([[[[0, 3], [9, 11]], [[16, 18], [24, 31]]]])
    for opset in (9, 11):
        cases.add(f"MaxUnpool-{opset}", "MaxUnpool", opset, {"x": pooled, "i": places}, kernel_shape=[2, 2], strides=[2, 2])
    for opset in (9, 13):
        cases.add(f"MeanVarianceNormalization-{opset}", "MeanVarianceNormalization", opset, {"x": image})
        cases.add(f"LRN-{opset}", "LRN", opset, {"x": image}, size=3, alpha=0.5, beta=0.5, bias=2.0)
    cases.add("AffineGrid-20", "AffineGrid", 20, {"x": eighths(2, 2, 3)}, initializers=[number("sizes", [2, 1, 3, 4])])
    cases.add("CenterCropPad-18", "CenterCropPad", 18, {"x": image}, initializers=[number("sizes", [4, 9])], axes=[-1, -2])
    cases.add("Col2Im-18", "Col2Im", 18, {"x": eighths(1, 8, 4)}, initializers=[number("image", [3, 3]), number("block", [2, 2])])
    cases.add("DeformConv-19", "DeformConv", 19, {"x": image, "w": eighths(2, 3, 3, 3), "o": eighths(2, 18, 4, 4), "b": eighths(2)})
    cases.write()


if __name__ == "__main__":
    old_forms()
    machine_learning()
    signals_and_images()
    training()
    new_forms()
