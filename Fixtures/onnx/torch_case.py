"""Exports a PyTorch network and stores what torch itself computes; each case's recipe.py gives the network."""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import torch

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import case

PACKAGES = ["torch", "onnx", "onnxscript", "onnxruntime", "numpy"]


def export(network, inputs, outputs, path, opset, dynamic, dynamo):
    """By the TorchScript exporter, or by the newer one without its optimiser, which drops small constants."""
    example = tuple(torch.from_numpy(values) for values in inputs.values())
    if dynamo:
        dimensions = {}
        shapes = tuple(
            {axis: dimensions.setdefault(name, torch.export.Dim(name)) for axis, name in dynamic.get(key, {}).items()}
            for key in inputs
        )
        program = torch.onnx.export(
            network,
            example,
            dynamo=True,
            optimize=False,
            opset_version=opset,
            dynamic_shapes=shapes,
            input_names=list(inputs),
            output_names=outputs,
            external_data=False,
        )
        program.save(str(path))
    else:
        torch.onnx.export(
            network,
            example,
            str(path),
            dynamo=False,
            opset_version=opset,
            dynamic_axes=dynamic,
            input_names=list(inputs),
            output_names=outputs,
        )
    case.scrub(path)


def run(network, inputs):
    with torch.no_grad():
        results = network(*(torch.from_numpy(values) for values in inputs.values()))
    return [value.detach().numpy() for value in (results if isinstance(results, tuple) else (results,))]


def make(
    folder,
    network,
    inputs,
    outputs,
    opset,
    dynamic,
    description,
    rtol=1e-5,
    atol=1e-6,
    dynamo=False,
    others=None,
    reason="float32 sums in another order",
    disagrees=None,
):
    """`inputs` are stored beside the model, `others` (name to inputs) under cases/.

    onnxruntime must agree with torch to the stated tolerance, unless `disagrees` says why it may not.
    """
    folder = pathlib.Path(folder)
    network.eval()
    path = folder / "model.onnx"
    export(network, inputs, outputs, path, opset, dynamic, dynamo)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for name, values in {"": inputs, **(others or {})}.items():
        place = folder / "cases" / name if name else folder
        place.mkdir(parents=True, exist_ok=True)
        expected = dict(zip(outputs, run(network, values), strict=True))
        np.savez_compressed(place / "inputs.npz", **values)
        np.savez_compressed(place / "expected.npz", **expected)
        for (key, value), other in zip(expected.items(), session.run(outputs, values), strict=True):
            if other.shape != value.shape or other.dtype != value.dtype:
                raise ValueError(
                    f"{folder.name} {key}: torch {value.shape} {value.dtype}, onnxruntime {other.shape} {other.dtype}"
                )
            if value.size:
                worst = max(worst, float(np.abs(other.astype(np.float64) - value).max()))
            if not disagrees and not np.allclose(other, value, rtol=rtol, atol=atol):
                raise ValueError(f"{folder.name} {name} {key}: onnxruntime is off by {np.abs(other - value).max()}")
    kinds = sorted({node.op_type for node in onnx.load(path).graph.node})
    exporter = "dynamo exporter, optimize=False" if dynamo else "TorchScript exporter"
    case.write(
        folder,
        "onnx",
        f"torch, {exporter}",
        PACKAGES,
        description,
        rtol,
        atol,
        reason,
        opset=opset,
        operators=kinds,
        **({"onnxruntime": disagrees} if disagrees else {}),
    )
    print(f"{folder.name}: opset {opset}, {path.stat().st_size} bytes, onnxruntime within {worst:.1e}; {' '.join(kinds)}")


def uniform(seed, *shape, low=-1.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)
