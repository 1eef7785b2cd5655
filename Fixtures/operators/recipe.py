"""Writes the operator cases of ONNX's backend suite as one JSON file a family.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
    python recipe.py FAMILY...        (all families without arguments)

A case is one node of the default domain with its attributes, inputs and expected outputs. Expected values are ONNX's
own, computed by numpy. Cases of several nodes are left out; so are those of more than ELEMENTS elements, except that
elementwise operators of one input keep evenly spaced ones and poolings with padding keep their first plane. Where the
suite says little, `further.py` adds cases.
"""

import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from further import FURTHER
from onnx.backend.test.loader import load_model_tests

ELEMENTS = 400
MORE_ELEMENTS = {"movement": 1300, "attention": 1000, "linear_attention": 2400, "loss": 800, "signal": 500, "vision": 1300}

# Expected values of four digits, rounded to bfloat16 after each step, or float32 sums that nearly cancel.
ROUNDED = (
    "test_averagepool_2d_ceil_last_window_starts_on_pad",
    "test_gridsample_bicubic",
    "test_attention_.*_bf16",
    "test_roialign_aligned_.*",
    "test_dft_inverse",
    "test_linear_attention_(gated|linear)",
)

FAMILIES = {
    "elementwise": """
        Abs Neg Sign Ceil Floor Round Sqrt Reciprocal Exp Log Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh
        Erf Sigmoid HardSigmoid HardSwish Softplus Softsign Relu LeakyRelu Elu Selu Celu Gelu Mish ThresholdedRelu PRelu
        Swish SwiGLU Shrink BitCast Add Sub Mul Div Pow Mod BitShift BitwiseAnd BitwiseOr BitwiseXor BitwiseNot Max Min Sum Mean Equal Less
        LessOrEqual Greater GreaterOrEqual And Or Xor Not IsNaN IsInf Where Cast CastLike Clip""",
    "reduction": """
        ReduceMax ReduceMin ReduceSum ReduceMean ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
        ReduceSumSquare ArgMax ArgMin CumSum CumProd""",
    "normalization": """
        Softmax LogSoftmax Hardmax LayerNormalization InstanceNormalization GroupNormalization BatchNormalization
        RMSNormalization LpNormalization Dropout""",
    "linear": """
        MatMul MatMulInteger Gemm Einsum Det Conv ConvTranspose AveragePool MaxPool LpPool GlobalAveragePool GlobalMaxPool
        GlobalLpPool LSTM GRU RNN QuantizeLinear DequantizeLinear""",
    "attention": "Attention RotaryEmbedding CausalConvWithState",
    "linear_attention": "LinearAttention",
    "quantization": "ConvInteger DynamicQuantizeLinear QLinearConv QLinearMatMul",
    "loss": "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
    "text": "RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer",
    "movement": """
        Identity Shape Reshape Flatten Squeeze Unsqueeze Transpose Concat Split Slice Expand Tile Pad Size Range
        ConstantOfShape EyeLike Trilu DepthToSpace SpaceToDepth ReverseSequence Gather GatherElements GatherND
        ScatterElements ScatterND NonZero TopK OneHot Unique Compress Resize GridSample SequenceConstruct SequenceAt
        SequenceLength SequenceInsert SequenceErase SequenceEmpty ConcatFromSequence SplitToSequence Optional
        OptionalGetElement OptionalHasElement TensorScatter""",
    "signal": "BlackmanWindow HammingWindow HannWindow DFT STFT MelWeightMatrix",
    "vision": """
        AffineGrid CenterCropPad Col2Im DeformConv LRN MaxRoiPool MaxUnpool MeanVarianceNormalization NonMaxSuppression
        RoiAlign""",
}

TYPES = {value: name for name, value in onnx.TensorProto.DataType.items()}
NAMES = {
    "FLOAT": "float32", "DOUBLE": "float64", "BFLOAT16": "bfloat16", "FLOAT8E4M3FN": "float8e4m3fn",
    "FLOAT8E4M3FNUZ": "float8e4m3fnuz", "FLOAT8E5M2": "float8e5m2", "FLOAT8E5M2FNUZ": "float8e5m2fnuz",
    "FLOAT4E2M1": "float4e2m1", "FLOAT8E8M0": "float8e8m0",
}  # fmt: skip


def type_name(code):
    name = TYPES[code]
    return NAMES.get(name, name.lower())


def element(value, name):
    """A float as the shortest text that reads back, a narrower type as its bits."""
    if name in ("float16", "float32", "float64"):
        number = float(str(value))
        return int(number) if number.is_integer() and 0 < abs(number) < 1e6 else number
    return value.decode() if isinstance(value, bytes) else str(value) if name == "string" else int(value)


def tensor(array, code):
    name = type_name(code)
    if isinstance(array, onnx.TensorProto):
        array = onnx.numpy_helper.to_array(array)
    flat = np.asarray(array).reshape(-1)
    if name.startswith(("float8", "float4")):
        flat = flat.view(np.uint8)
    elif name == "bfloat16":
        flat = flat.view(np.uint16)
    elif name == "bool":
        flat = flat.astype(np.uint8)
    elif name.startswith("complex"):
        raise ValueError("complex")
    return {"type": name, "shape": list(np.shape(array)), "data": [element(v, name) for v in flat]}


def kind(proto):
    """A type: a name, or an object for sequences and optionals."""
    which = proto.WhichOneof("value")
    if which == "tensor_type":
        return type_name(proto.tensor_type.elem_type)
    if which in ("sequence_type", "optional_type"):
        return {which.removesuffix("_type"): kind(getattr(proto, which).elem_type)}
    raise ValueError(which)


def value(data, proto):
    which = proto.WhichOneof("value")
    if which == "tensor_type":
        return tensor(data, proto.tensor_type.elem_type)
    if which == "sequence_type":
        element_type = proto.sequence_type.elem_type
        return {"sequence": [value(item, element_type) for item in data], "of": kind(element_type)}
    element_type = proto.optional_type.elem_type
    return {"optional": None if data is None else value(data, element_type), "of": kind(element_type)}


def attribute(proto):
    A = onnx.AttributeProto
    if proto.type == A.TENSOR:
        return {"tensor": tensor(proto.t, proto.t.data_type)}
    if proto.type == A.TYPE_PROTO:
        return {"type": kind(proto.tp)}
    plain = onnx.helper.get_attribute_value(proto)
    names = {A.INT: "int", A.FLOAT: "float", A.STRING: "string", A.INTS: "ints", A.FLOATS: "floats", A.STRINGS: "strings"}
    if proto.type == A.STRING:
        plain = plain.decode()
    elif proto.type == A.STRINGS:
        plain = [text.decode() for text in plain]
    elif proto.type == A.FLOAT:
        plain = float(str(np.float32(plain)))
    elif proto.type == A.FLOATS:
        plain = [float(str(np.float32(number))) for number in plain]
    elif proto.type not in names:
        raise ValueError("subgraph")
    return {names[proto.type]: list(plain) if proto.type in (A.INTS,) else plain}


def count(item):
    if item is None:
        return 0
    if "data" in item:
        return len(item["data"])
    return sum(count(part) for part in item["sequence"]) if "sequence" in item else count(item["optional"])


def thinned(item):
    """Evenly spaced elements of a tensor, as one axis."""
    data = item["data"][:: -(-2 * len(item["data"]) // ELEMENTS)]
    return {"type": item["type"], "shape": [len(data)], "data": data}


def plane(item):
    """The first channel of the first image."""
    data = item["data"][: int(np.prod(item["shape"][2:]))]
    return {"type": item["type"], "shape": [1, 1] + item["shape"][2:], "data": data}


def record(case):
    graph = case.model.graph
    node = graph.node[0]
    inputs_given, outputs_given = case.data_sets[0]
    inputs = {info.name: value(data, info.type) for info, data in zip(graph.input, inputs_given)}
    outputs = {info.name: value(data, info.type) for info, data in zip(graph.output, outputs_given)}
    return {
        "name": case.name,
        "op": node.op_type,
        "opset": case.model.opset_import[0].version,
        "rtol": case.rtol,
        "attributes": {proto.name: attribute(proto) for proto in node.attribute},
        "inputs": [inputs[name] if name else None for name in node.input],
        "outputs": [outputs.get(name) if name else None for name in node.output],
    }


def further_record(name, node, opset, inputs, output):
    def made(array):
        return None if array is None else tensor(array, onnx.helper.np_dtype_to_tensor_dtype(array.dtype))

    return {
        "name": name,
        "op": node.op_type,
        "opset": opset,
        "rtol": 1e-3,
        "attributes": {proto.name: attribute(proto) for proto in node.attribute},
        "inputs": [made(item) for item in inputs],
        "outputs": [made(output)],
    }


def is_wanted(case, wanted):
    """Old forms of operators and casts that repeat another case are left out."""
    nodes = case.model.graph.node
    if len(nodes) != 1 or nodes[0].domain != "" or nodes[0].op_type not in wanted or len(case.data_sets) != 1:
        return False
    repeats = nodes[0].op_type == "Cast" and case.name.endswith("_expanded")
    return not repeats and not case.name.endswith(("_old", "_opset19")) and not any(re.fullmatch(name, case.name) for name in ROUNDED)


def main(families):
    warnings.simplefilter("ignore")
    cases = load_model_tests(kind="node")
    for family in families:
        wanted = set(FAMILIES[family].split())
        records = []
        for case in cases:
            if not is_wanted(case, wanted):
                continue
            try:
                found = record(case)
            except ValueError as reason:
                print(f"{family}: left out {case.name}: {reason}")
                continue
            size = sum(map(count, found["inputs"] + found["outputs"]))
            if size > ELEMENTS and family == "elementwise" and len(found["inputs"]) == 1:
                found["inputs"], found["outputs"] = [[thinned(found[side][0])] for side in ("inputs", "outputs")]
            elif size > ELEMENTS and ("pads" in case.name or "same" in case.name) and "pool_2d" in case.name:
                found["inputs"], found["outputs"] = [[plane(found[side][0])] for side in ("inputs", "outputs")]
            elif size > MORE_ELEMENTS.get(family, ELEMENTS):
                print(f"{family}: left out {case.name}: {size} elements")
                continue
            records.append(found)
        if family in FURTHER:
            records += [further_record(*case) for case in FURTHER[family](np.random.default_rng(1))]
        missing = wanted - {found["op"] for found in records}
        print(f"{family}: {len(records)} cases; none for {sorted(missing)}")
        lines = ",\n".join(json.dumps(found, separators=(",", ":")) for found in sorted(records, key=lambda r: r["name"]))
        path = Path(__file__).parent / f"{family}.json"
        producer = f"onnx {onnx.__version__}, numpy {np.__version__}"
        if family in FURTHER:
            producer += f", onnxruntime {onnxruntime.__version__}"
        path.write_text(f'{{"producer":"{producer}","cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main(sys.argv[1:] or FAMILIES)
