"""Training and storage shared by the PyTorch jet taggers; each tagger's recipe.py gives the network and its exporter."""

import argparse
import pathlib
import sys

import awkward as ak
import numpy as np
import onnxruntime
import torch

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import case
from contract import Contract, flavour

EVENTS = pathlib.Path(__file__).parents[1] / "events/jets/events.root"


def groups(constituents):
    """Row numbers by particle count: a batch holds jets of one length, so nothing is padded."""
    lengths = ak.num(constituents).to_numpy()
    return {int(n): np.flatnonzero(lengths == n) for n in np.unique(lengths)}


def tensors(inputs, rows):
    constituents = ak.to_numpy(ak.to_regular(inputs["constituents"][rows], axis=1)).astype(np.float32)
    return torch.from_numpy(constituents), torch.from_numpy(np.ascontiguousarray(inputs["jet"][rows]))


def area_under_curve(score, positive):
    order = np.argsort(score, kind="stable")
    rank = np.empty(len(score))
    rank[order] = np.arange(1, len(score) + 1)
    hits = positive.sum()
    return (rank[positive].sum() - hits * (hits + 1) / 2) / (hits * (len(score) - hits))


def train(network, inputs, labels, epochs, seed=5):
    """Adam on cross entropy over batches of equally long jets; one fifth is held out and judged each epoch."""
    generator = np.random.default_rng(seed)
    held = generator.random(len(labels)) < 0.2
    batches = {n: rows[~held[rows]] for n, rows in groups(inputs["constituents"]).items()}
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-4)
    total = sum(-(-len(rows) // 256) for rows in batches.values()) * epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=total)
    cached = {n: (*tensors(inputs, rows), torch.from_numpy(labels[rows])) for n, rows in batches.items()}
    validation = {n: rows[held[rows]] for n, rows in groups(inputs["constituents"]).items() if held[rows].any()}
    for epoch in range(epochs):
        network.train()
        plan = [
            (n, part)
            for n, rows in batches.items()
            for part in np.array_split(generator.permutation(len(rows)), max(1, -(-len(rows) // 256)))
        ]
        losses = []
        for position in generator.permutation(len(plan)):
            n, part = plan[position]
            if len(part) < 2:
                schedule.step()
                continue
            constituents, jet, truth = (tensor[part] for tensor in cached[n])
            loss = torch.nn.functional.cross_entropy(network.logits(constituents, jet), truth)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        network.eval()
        scores, truth = [], []
        with torch.no_grad():
            for rows in validation.values():
                scores.append(network(*tensors(inputs, rows))[:, 0].numpy())
                truth.append(labels[rows])
        area = area_under_curve(np.concatenate(scores), np.concatenate(truth) == 0)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, held-out AUC (b against the rest) {area:.4f}", flush=True)
    return float(area)


def run(network, constituents, jet):
    with torch.no_grad():
        return network(torch.from_numpy(constituents), torch.from_numpy(jet)).numpy()


def make(folder, network, epochs, export, description, rtol, reason, exporter):
    """Trains (or loads --weights), exports, and writes inputs, expected values, cases and scores of all jets of events.root."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--training", type=pathlib.Path, required=True, help="made by events/jets/recipe.py --training")
    parser.add_argument("--weights", type=pathlib.Path, help="a state dict: read if it exists, written otherwise")
    options = parser.parse_args()
    torch.use_deterministic_algorithms(True)
    contract = Contract(folder / "contract.yaml")
    if options.weights and options.weights.exists():
        stored = torch.load(options.weights)
        network.load_state_dict(stored["state"])
        held_out = stored["held_out"]
    else:
        held_out = train(network, contract.rows(options.training), flavour(options.training), epochs)
        if options.weights:
            torch.save({"state": network.state_dict(), "held_out": held_out}, options.weights)
    network.eval()

    inputs, labels = contract.rows(EVENTS), flavour(EVENTS)
    by_length = groups(inputs["constituents"])
    example = tensors(inputs, by_length[12][:16])
    export(network, example, folder / "model.onnx")
    case.scrub(folder / "model.onnx")
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])

    def store(place, constituents, jet):
        place.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(place / "inputs.npz", constituents=constituents, jet=jet)
        expected = run(network, constituents, jet)
        np.savez_compressed(place / "expected.npz", probabilities=expected)
        other = session.run(["probabilities"], {"constituents": constituents, "jet": jet})[0]
        print(f"{place.name}: {constituents.shape}, onnxruntime differs by {np.abs(other - expected).max(initial=0):.2e}")

    store(folder, *(tensor.numpy() for tensor in example))
    for length, rows in {1: 8, 2: 4, 7: 1, 8: 3, 9: 3, 19: 5, max(by_length): 2}.items():
        store(folder / f"cases/particles_{length}", *(tensor.numpy() for tensor in tensors(inputs, by_length[length][:rows])))

    jets = len(labels)
    one = [tuple(tensor.numpy() for tensor in tensors(inputs, np.array([row]))) for row in range(jets)]
    scores = np.concatenate([run(network, *pair) for pair in one])
    other = np.concatenate([session.run(None, {"constituents": pair[0], "jet": pair[1]})[0] for pair in one])
    difference = np.abs(other - scores).max(axis=1)
    np.savez_compressed(folder / "event_scores.npz", probabilities=scores)
    area = float(area_under_curve(scores[:, 0], labels == 0))
    parameters = sum(value.numel() for value in network.parameters())
    print(
        f"{parameters} parameters; events.root: {jets} jets, AUC {area:.4f}; onnxruntime differs by at most "
        f"{difference.max():.2e}, above 1e-5 in {(difference > 1e-5).sum()} jets"
    )
    case.write(
        folder,
        "onnx",
        "torch " + exporter,
        ["torch", "onnx", "onnxscript", "onnxruntime", "numpy"],
        description,
        rtol,
        1e-6,
        reason,
        area_under_curve={"held_out": round(held_out, 4), "events.root": round(area, 4)},
        parameters=parameters,
        event_scores="torch, one jet at a time, float32 features by contract.yaml, one row per jet in file order",
    )
