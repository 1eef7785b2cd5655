"""Stores what ONNX Runtime computes, node by node as the file says, of a model that one of its tools wrote."""

import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import case


def expose(model, names, element):
    """Makes values inside a graph outputs of it, so that they are compared too."""
    known = {output for node in model.graph.node for output in node.output}
    for name in names:
        if name not in known:
            raise ValueError(f"there is no value {name}; there are {sorted(known)}")
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, element, None))


def outputs_of(model, kind):
    """The first output of each node of a kind."""
    return [node.output[0] for node in model.graph.node if node.op_type == kind]


def session(model, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def optimized(model):
    """The graph after ONNX Runtime's optimizations, but for those that fit it to one processor."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as place:
        options.optimized_model_filepath = place + "/model.onnx"
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def table(value):
    """A sequence of maps, as ZipMap gives it, with its keys as columns."""
    return np.array([list(row.values()) for row in value], np.float32) if isinstance(value, list) else value


def store(folder, model, inputs, producer, description, packages=(), rtol=1e-5, atol=1e-6, others=None, reason=None, **extra):
    """`inputs` are stored beside the model, `others` (name to inputs) under cases/.

    case.json also says how far ONNX Runtime is from itself when it optimizes the graph.
    """
    folder = pathlib.Path(folder)
    model.doc_string = ""
    onnx.save(model, folder / "model.onnx")
    case.scrub(folder / "model.onnx")
    plain = session(model, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
    optimized = session(model, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL)
    names = [output.name for output in model.graph.output]
    worst = 0.0
    for name, values in {"": inputs, **(others or {})}.items():
        place = folder / "cases" / name if name else folder
        place.mkdir(parents=True, exist_ok=True)
        results = plain.run(names, values)
        expected = {key: table(value) for key, value in zip(names, results, strict=True)}
        maps = {key: list(value[0]) for key, value in zip(names, results) if isinstance(value, list)}
        np.savez_compressed(place / "inputs.npz", **values)
        np.savez_compressed(place / "expected.npz", **expected)
        for value, other in zip(expected.values(), optimized.run(names, values), strict=True):
            if value.size and value.dtype.kind not in "OU":
                worst = max(worst, float(np.abs(table(other).astype(np.float64) - value).max()))
    kinds = sorted({f"{node.domain}.{node.op_type}" if node.domain else node.op_type for node in model.graph.node})
    case.write(
        folder,
        "onnx",
        producer,
        [*packages, "onnx", "onnxruntime", "numpy"],
        description,
        rtol,
        atol,
        reason or "float32 sums in another order; integers are the same",
        opset={item.domain: item.version for item in model.opset_import},
        operators=kinds,
        optimized=f"ONNX Runtime with its graph optimizations differs from itself without by up to {worst:.1e}",
        **({"maps": maps} if maps else {}),
        **extra,
    )
    size = (folder / "model.onnx").stat().st_size
    print(f"{folder.name}: {len(model.graph.node)} nodes, {size} bytes, optimized differs by {worst:.1e}; {' '.join(kinds)}")
