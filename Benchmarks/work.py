"""How much arithmetic a model asks for, counted from its graph."""

import math

import onnx
import onnxruntime

PRODUCTS = {"MatMul", "Gemm", "Conv", "ConvTranspose", "LSTM", "GRU"}


def flops(model, inputs):
    """Two for each multiply-add of matrix products, convolutions and recurrent layers, with shapes as ONNX Runtime finds them."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    constants = {weight.name: tuple(weight.dims) for weight in copy.graph.initializer}
    nodes = [node for node in copy.graph.node if node.op_type in PRODUCTS]
    wanted = {name for node in nodes for name in [*node.input, *node.output] if name}
    known = {value.name for value in copy.graph.input} | set(constants)
    outputs = sorted(wanted - known)
    if not outputs:
        return 0
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])
    shapes = constants | {name: array.shape for name, array in inputs.items()}
    shapes |= {name: array.shape for name, array in zip(outputs, session.run(outputs, inputs))}
    return sum(2 * products(node, [shapes.get(name) for name in node.input], [shapes.get(name) for name in node.output]) for node in nodes)


def products(node, inputs, outputs):
    attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
    x, w = inputs[0], inputs[1]
    match node.op_type:
        case "MatMul":
            return math.prod(outputs[0]) * x[-1]
        case "Gemm":
            return math.prod(outputs[0]) * x[0 if attributes.get("transA") else 1]
        case "Conv":
            return math.prod(outputs[0]) * math.prod(w[1:])
        case "ConvTranspose":
            return math.prod(x) * math.prod(w[1:])
        case "LSTM" | "GRU":
            gates, hidden = w[1], attributes["hidden_size"]
            return w[0] * x[0] * x[1] * gates * (x[2] + hidden)


def traffic(model, inputs, outputs):
    """Bytes that a run must read and write at least: weights, inputs and outputs, once each."""
    weights = sum(math.prod(w.dims) * onnx.numpy_helper.to_array(w).itemsize for w in model.graph.initializer)
    return weights, sum(array.nbytes for array in [*inputs.values(), *outputs])
