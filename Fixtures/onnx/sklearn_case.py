"""Converts scikit-learn and XGBoost models to ai.onnx.ml and stores what the library itself computes."""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import case


def jets():
    """Features and flavour of the jets of events.root, float32, missing values as 0."""
    table = np.load(pathlib.Path(__file__).parents[1] / "events/jets/jets.npz")
    names = ["Jet_pt", "Jet_mass", "Jet_width", "Jet_ptD", "Jet_maxSip", "Jet_secondSip", "Jet_displacedFraction"]
    return np.nan_to_num(np.stack([table[name] for name in names], axis=1).astype(np.float32)), table["Jet_hadronFlavour"].astype(
        np.int64
    )


def store(folder, model, inputs, expected, packages, producer, description, rtol=1e-5, atol=1e-6, reason="float32 sums", **extra):
    """Writes the case after onnxruntime has given the same numbers; a sequence of maps is stored as a table."""
    model.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, folder / "model.onnx")
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    worst = 0.0
    for (name, value), other in zip(expected.items(), session.run(list(expected), inputs), strict=True):
        if isinstance(other, list):
            other = np.array([[row[key] for key in row] for row in other], np.float32)
        if other.shape != value.shape or other.dtype != value.dtype:
            raise ValueError(f"{folder.name} {name}: {value.shape} {value.dtype}, onnxruntime {other.shape} {other.dtype}")
        if value.dtype.kind == "f":
            worst = max(worst, float(np.abs(other - value).max()))
            assert np.allclose(other, value, rtol=rtol, atol=atol), f"{folder.name} {name}: off by {worst}"
        else:
            assert (other == value).all(), f"{folder.name} {name}"
    np.savez_compressed(folder / "inputs.npz", **inputs)
    np.savez_compressed(folder / "expected.npz", **expected)
    kinds = sorted({node.op_type for node in model.graph.node})
    case.write(
        folder,
        "onnx",
        producer,
        [*packages, "onnx", "onnxruntime", "numpy"],
        description,
        rtol,
        atol,
        reason,
        opset={item.domain: item.version for item in model.opset_import},
        operators=kinds,
        **extra,
    )
    size = (folder / "model.onnx").stat().st_size
    print(f"{folder.name}: {size} bytes, onnxruntime within {worst:.1e}; {' '.join(kinds)}")
