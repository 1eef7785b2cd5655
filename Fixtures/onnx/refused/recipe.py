"""Files that an ONNX reader must refuse; expected.txt holds a fragment that the error must contain."""

import pathlib
import shutil
import struct
import sys
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
FLOAT = TensorProto.FLOAT


def info(name, shape=("batch", 4)):
    return helper.make_tensor_value_info(name, FLOAT, list(shape))


def weights(name="weights", shape=(4, 4)):
    return numpy_helper.from_array(np.ones(shape, np.float32), name)


def build(nodes, inputs=("x",), outputs=("y",), initializers=(), opsets=(("", 17),), functions=()):
    graph = helper.make_graph(
        nodes, "refused", [info(name) for name in inputs], [info(name) for name in outputs], list(initializers)
    )
    imports = [helper.make_opsetid(*pair) for pair in opsets]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=8)


def node(kind, inputs, outputs, name, **attributes):
    return helper.make_node(kind, inputs, outputs, name=name, **attributes)


def declared(name, dims, kind=FLOAT, raw=b""):
    tensor = TensorProto(name=name, data_type=kind, raw_data=raw)
    tensor.dims.extend(dims)
    return tensor


def external(name, location, dims=(4, 4), **entries):
    tensor = TensorProto(name=name, data_type=FLOAT, data_location=TensorProto.EXTERNAL)
    tensor.dims.extend(dims)
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def product(tensor):
    return build([node("MatMul", ["x", tensor.name], ["y"], "dense_1")], initializers=[tensor])


def attribute(model, kind, **fields):
    """Replaces the first attribute of the first node by one of another type."""
    target = model.graph.node[0].attribute[0]
    target.ClearField("i")
    target.ClearField("f")
    target.type = kind
    for key, value in fields.items():
        setattr(target, key, value)
    return model


def field(number, content):
    """One length-delimited protobuf field: Python's own writer refuses to nest this deep."""
    size, prefix = len(content), bytearray([number << 3 | 2] if number < 16 else [number << 3 & 127 | 128 | 2, number >> 4])
    while size > 127:
        prefix.append(size & 127 | 128)
        size >>= 7
    return bytes(prefix) + bytes([size]) + content


def nested(depth):
    """An If within an If, `depth` times."""
    small = (
        field(1, node("Identity", ["x"], ["v"], "copy").SerializeToString())
        + field(2, b"g")
        + field(12, info("v").SerializeToString())
    )
    graph = small
    for _ in range(depth):
        branches = [
            field(5, field(1, name) + field(6, body) + b"\xa0\x01\x05")
            for name, body in ((b"then_branch", graph), (b"else_branch", small))
        ]
        conditional = field(1, b"flag") + field(2, b"v") + field(3, b"if_1") + field(4, b"If") + b"".join(branches)
        graph = field(1, conditional) + field(2, b"g") + field(12, info("v").SerializeToString())
    flag = numpy_helper.from_array(np.array(True), "flag").SerializeToString()
    graph += field(11, info("x").SerializeToString()) + field(5, flag)
    return b"\x08\x08" + field(7, graph) + field(8, b"\x0a\x00\x10\x11")


def picture():
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\x10\x20\x30\x40\x50\x60" * 2))
        + chunk(b"IEND", b"")
    )


whole = build(
    [node("Gemm", ["x", "weights"], ["hidden"], "dense_1"), node("Relu", ["hidden"], ["y"], "activation_1")],
    initializers=[weights()],
).SerializeToString()
loop = [
    node("Add", ["x", "later"], ["sooner"], "add_1"),
    node("Relu", ["sooner"], ["later"], "relu_1"),
    node("Identity", ["later"], ["y"], "copy_1"),
]
itself = helper.make_function(
    "local",
    "Again",
    ["a"],
    ["b"],
    [helper.make_node("Again", ["a"], ["b"], domain="local", name="again_1")],
    [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)],
)

# name: (file content or model, what the error must say)
CASES = {
    "zero_bytes": (b"", "empty"),
    "truncated": (whole[: len(whole) // 2], "model.onnx"),
    "truncated_tail": (whole[:-3], "model.onnx"),
    "picture": (picture(), "model.onnx"),
    "text": (b"This is a list of good runs, not a network.\n" * 20, "model.onnx"),
    "html": (b"<!DOCTYPE html><html><body>404: Not Found</body></html>\n", "model.onnx"),
    "git_lfs_pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1234567\n",
        "model.onnx",
    ),
    "hollow": (onnx.ModelProto(ir_version=8, producer_name="nobody", opset_import=[helper.make_opsetid("", 17)]), "graph"),
    "unversioned": (build([node("Relu", ["x"], ["y"], "relu_1")], opsets=()), "opset"),
    "opset_from_the_future": (build([node("Relu", ["x"], ["y"], "relu_1")], opsets=(("", 4000),)), "4000"),
    "cycle": (build(loop), "add_1"),
    "self_cycle": (build([node("Add", ["x", "y"], ["y"], "add_self")]), "add_self"),
    "dangling_input": (build([node("Add", ["x", "nowhere"], ["y"], "add_1")]), "nowhere"),
    "dangling_output": (build([node("Relu", ["x"], ["y"], "relu_1")], outputs=("y", "answer")), "answer"),
    "dangling_in_branch": (
        build(
            [
                node("Cast", ["x"], ["flags"], "cast_1", to=TensorProto.BOOL),
                node("ReduceMax", ["x"], ["top"], "top_1", keepdims=0),
                node("Cast", ["top"], ["flag"], "cast_2", to=TensorProto.BOOL),
                node(
                    "If",
                    ["flag"],
                    ["y"],
                    "if_1",
                    then_branch=helper.make_graph(
                        [node("Relu", ["elsewhere"], ["a"], "relu_in_branch")], "then", [], [info("a")]
                    ),
                    else_branch=helper.make_graph([node("Relu", ["x"], ["b"], "relu_2")], "else", [], [info("b")]),
                ),
            ]
        ),
        "elsewhere",
    ),
    "duplicate_value": (
        build(
            [
                node("Relu", ["x"], ["twice"], "relu_1"),
                node("Tanh", ["x"], ["twice"], "tanh_1"),
                node("Identity", ["twice"], ["y"], "copy_1"),
            ]
        ),
        "twice",
    ),
    "duplicate_initializer": (
        build([node("MatMul", ["x", "weights"], ["y"], "dense_1")], initializers=[weights(), weights()]),
        "weights",
    ),
    "output_shadows_input": (
        build(
            [node("Relu", ["particles"], ["particles"], "relu_1"), node("Tanh", ["particles"], ["y"], "tanh_1")],
            inputs=("particles",),
        ),
        "particles",
    ),
    "data_too_short": (product(declared("weights", (4, 4), raw=b"\0" * 60)), "weights"),
    "data_too_long": (product(declared("weights", (4, 4), raw=b"\0" * 68)), "weights"),
    "data_list_too_short": (product(TensorProto(name="weights", data_type=FLOAT, dims=[4, 4], float_data=[1.0] * 15)), "weights"),
    "no_data": (product(declared("weights", (4, 4))), "weights"),
    "huge_dims": (product(declared("weights", (1000000, 1000000), raw=b"\0" * 16)), "weights"),
    "overflowing_dims": (product(declared("weights", (2**33, 2**33), raw=b"")), "weights"),
    "overflow_to_match": (product(declared("weights", (2**32, 2**32, 4), raw=b"")), "weights"),
    "negative_dims": (product(declared("weights", (-4, -4), raw=b"\0" * 64)), "weights"),
    "unknown_element_type": (product(declared("weights", (4, 4), kind=99, raw=b"\0" * 64)), "weights"),
    "undefined_element_type": (product(declared("weights", (4, 4), kind=0, raw=b"\0" * 64)), "weights"),
    "unknown_operator": (build([node("ParticleFlow", ["x"], ["y"], "flow_1")]), "ParticleFlow"),
    "operator_too_new": (build([node("Gelu", ["x"], ["y"], "gelu_1")]), "Gelu"),
    "unknown_domain": (
        build([node("Tagger", ["x"], ["y"], "tagger_1", domain="org.experiment")], opsets=(("", 17), ("org.experiment", 1))),
        "org.experiment",
    ),
    "domain_not_imported": (
        build([node("Scaler", ["x"], ["y"], "scaler_1", domain="ai.onnx.ml", offset=[0.0], scale=[1.0])]),
        "ai.onnx.ml",
    ),
    "recursive_function": (
        build([node("Again", ["x"], ["y"], "call_1", domain="local")], opsets=(("", 17), ("local", 1)), functions=[itself]),
        "Again",
    ),
    "too_deep": (nested(1000), "model.onnx"),
    "external_escapes": (product(external("weights", "../secret", length=64)), "../secret"),
    "external_absolute": (product(external("weights", "/etc/hostname", length=64)), "/etc/hostname"),
    "external_escapes_inside": (product(external("weights", "data/../../secret", length=64)), "secret"),
    "external_missing": (product(external("weights", "gone.bin", length=64)), "gone.bin"),
    "external_no_location": (
        product(TensorProto(name="weights", data_type=FLOAT, dims=[4, 4], data_location=TensorProto.EXTERNAL)),
        "weights",
    ),
    "external_too_short": (product(external("weights", "weights.bin", offset=16, length=64)), "weights.bin"),
    "external_negative_offset": (product(external("weights", "weights.bin", offset=-8, length=64)), "weights"),
    "external_huge_offset": (product(external("weights", "weights.bin", offset=2**63 - 1, length=64)), "weights"),
    "external_offset_not_a_number": (product(external("weights", "weights.bin", offset="ten", length=64)), "weights"),
    "attribute_wrong_type": (
        attribute(build([node("Flatten", ["x"], ["y"], "flatten_1", axis=1)]), onnx.AttributeProto.STRING, s=b"one"),
        "axis",
    ),
    "attribute_float_for_int": (
        attribute(build([node("Concat", ["x"], ["y"], "concat_1", axis=1)]), onnx.AttributeProto.FLOAT, f=1.5),
        "axis",
    ),
    "attribute_missing": (build([node("Concat", ["x"], ["y"], "concat_1")]), "axis"),
    "attribute_unknown": (build([node("Relu", ["x"], ["y"], "relu_1", slope=0.5)]), "slope"),
    "attribute_bad_value": (build([node("Cast", ["x"], ["y"], "cast_1", to=77)]), "cast_1"),
    "axis_out_of_range": (build([node("Softmax", ["x"], ["y"], "softmax_1", axis=5)]), "softmax_1"),
    "too_few_inputs": (build([node("Gemm", ["x"], ["y"], "dense_1")]), "dense_1"),
    "too_many_inputs": (build([node("Relu", ["x", "x"], ["y"], "relu_1")]), "relu_1"),
    "shapes_disagree": (
        build([node("MatMul", ["x", "weights"], ["y"], "dense_1")], initializers=[weights(shape=(5, 4))]),
        "dense_1",
    ),
    "types_disagree": (
        build(
            [node("Add", ["x", "count"], ["y"], "add_1")], initializers=[numpy_helper.from_array(np.ones(4, np.int64), "count")]
        ),
        "add_1",
    ),
    "forest_lists_disagree": (
        build(
            [
                node(
                    "TreeEnsembleRegressor",
                    ["x"],
                    ["y"],
                    "trees_1",
                    domain="ai.onnx.ml",
                    n_targets=1,
                    nodes_treeids=[0, 0, 0],
                    nodes_nodeids=[0, 1, 2],
                    nodes_featureids=[0, 0, 0],
                    nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
                    nodes_values=[0.5, 0.0],
                    nodes_truenodeids=[1, 0, 0],
                    nodes_falsenodeids=[2, 0, 0],
                    target_treeids=[0, 0],
                    target_nodeids=[1, 2],
                    target_ids=[0, 0],
                    target_weights=[1.0, 2.0],
                )
            ],
            opsets=(("", 17), ("ai.onnx.ml", 3)),
        ),
        "trees_1",
    ),
    "forest_cycle": (
        build(
            [
                node(
                    "TreeEnsembleRegressor",
                    ["x"],
                    ["y"],
                    "trees_1",
                    domain="ai.onnx.ml",
                    n_targets=1,
                    nodes_treeids=[0, 0, 0],
                    nodes_nodeids=[0, 1, 2],
                    nodes_featureids=[0, 0, 0],
                    nodes_modes=["BRANCH_LEQ", "BRANCH_LEQ", "LEAF"],
                    nodes_values=[0.5, 0.2, 0.0],
                    nodes_truenodeids=[1, 0, 0],
                    nodes_falsenodeids=[2, 2, 0],
                    target_treeids=[0],
                    target_nodeids=[2],
                    target_ids=[0],
                    target_weights=[1.0],
                )
            ],
            opsets=(("", 17), ("ai.onnx.ml", 3)),
        ),
        "trees_1",
    ),
}

for place in HERE.iterdir():
    if place.is_dir() and place.name != "__pycache__":
        shutil.rmtree(place)
for name, (content, fragment) in CASES.items():
    place = HERE / name
    place.mkdir()
    data = content if isinstance(content, bytes) else content.SerializeToString()
    (place / "model.onnx").write_bytes(data)
    (place / "expected.txt").write_text(fragment + "\n")
    if any(word in name for word in ("too_short", "offset")) and name.startswith("external"):
        (place / "weights.bin").write_bytes(b"\0" * 64)
# A file that a reader following "../secret" would find.
(HERE / "secret").write_bytes(b"\0" * 64)
sys.path.append(str(HERE.parents[1]))
import case

case.write(
    HERE,
    "onnx",
    "written by hand with onnx",
    ["onnx", "numpy"],
    "one folder a bad file; the error must contain the text of expected.txt",
    0,
    0,
    "nothing is computed",
)
print(len(CASES), "cases")
