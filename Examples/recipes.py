"""What the recipes share: versions, expected outputs and case.json. Only needed to train a model anew.

    python3 -m venv VENV && VENV/bin/pip install -r Python/requirements-test.txt -r Python/requirements-frameworks.txt
    cd Examples/<area> && OMP_NUM_THREADS=1 VENV/bin/python recipe.py
"""

import pathlib
import sys

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "Fixtures"), str(ROOT / "Fixtures/onnx")]

import case


def store(folder, inputs, expected):
    """The arrays that a conversion is verified on."""
    numpy.savez_compressed(folder / "inputs.npz", **inputs)
    numpy.savez_compressed(folder / "expected.npz", **expected)


def describe(folder, form, library, packages, rtol, atol, reason, **extra):
    """case.json: what made the model, and how near Septum must come."""
    case.write(folder, form, library, ["numpy", *packages], folder.name, rtol, atol, reason, library=library, **extra)


def torch_to_onnx(folder, network, inputs, outputs, dynamic, rtol, atol, reason, dynamo=True, **extra):
    """Exports a network by one of torch's exporters, and stores what torch itself computes of `inputs`."""
    import torch_case
    network.eval()
    torch_case.export(network, inputs, outputs, folder / "model.onnx", 18, dynamic, dynamo)
    expected = dict(zip(outputs, torch_case.run(network, inputs), strict=True))
    store(folder, inputs, expected)
    describe(folder, "onnx", "PyTorch", ["torch", "onnx", "onnxscript"], rtol, atol, reason, **extra)
    return expected


def fit(network, loss, batches, epochs, rate=3e-3, report=print):
    """Adam with one cycle of the learning rate; `batches(epoch)` gives a list, `loss(batch)` a scalar."""
    import torch
    first = batches(0)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * len(first))
    for epoch in range(epochs):
        total = 0.0
        plan = first if epoch == 0 else batches(epoch)
        for batch in plan:
            value = loss(batch)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            schedule.step()
            total += value.item()
        report(f"epoch {epoch + 1}: loss {total / len(plan):.5f}", flush=True)


__all__ = ["case", "describe", "fit", "store", "torch_to_onnx"]
