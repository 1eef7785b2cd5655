"""A DeepSets tagger of W jets by PyTorch; its features are those of contract.yaml, computed by Fixtures/contract.py."""

import pathlib
import sys
import tempfile

import awkward
import numpy
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipes
import simulation
from contract import Contract


class DeepSets(nn.Module):
    """One small network for each particle, their sum, another network for the jet."""

    def __init__(self, features=5, jet=2, width=32):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.rho = nn.Sequential(nn.Linear(width + jet, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))

    def logits(self, particles, mask, jet):
        return self.rho(torch.cat([(self.phi(particles) * mask).sum(dim=1) / 8, jet], dim=1))

    def forward(self, particles, jet):
        return torch.sigmoid(self.rho(torch.cat([self.phi(particles).sum(dim=1) / 8, jet], dim=1)))


def padded(rows):
    """Particles padded with zeros for training, and which are true."""
    particles = awkward.pad_none(rows, 50, axis=1, clip=True)
    mask = ~awkward.to_numpy(awkward.is_none(particles, axis=1))
    full = awkward.to_numpy(awkward.fill_none(particles, [0.0] * 5, axis=1)).astype(numpy.float32)
    return torch.from_numpy(full), torch.from_numpy(mask[:, :, None].astype(numpy.float32))


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    contract = Contract(HERE / "contract.yaml")
    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "training.root"
        truth = torch.from_numpy(simulation.write(path, 1, 40000).astype(numpy.float32))[:, None]
        rows = contract.rows(path)
    particles, mask = padded(rows["particles"])
    jet = torch.from_numpy(rows["jet"])
    network = DeepSets()
    order = numpy.random.default_rng(2)

    def batches(_):
        return numpy.array_split(order.permutation(len(truth)), len(truth) // 256)

    def loss(part):
        return nn.functional.binary_cross_entropy_with_logits(network.logits(particles[part], mask[part], jet[part]), truth[part])

    recipes.fit(network, loss, batches, 20)

    # A small file of events, and torch's score of each jet in it, one jet at a time.
    simulation.write(HERE / "sample.root", 3, 120)
    rows = contract.rows(HERE / "sample.root")
    lengths = awkward.num(rows["particles"]).to_numpy()
    alike = numpy.flatnonzero(lengths == numpy.bincount(lengths).argmax())
    inputs = {
        "particles": awkward.to_numpy(awkward.to_regular(rows["particles"][alike], axis=1)).astype(numpy.float32),
        "jet": rows["jet"][alike],
    }
    recipes.torch_to_onnx(
        HERE, network, inputs, ["probability"], {"particles": {0: "batch", 1: "particles"}, "jet": {0: "batch"}},
        2e-5, 1e-6, "float32 sums in another order")
    with torch.no_grad():
        scores = [network(torch.from_numpy(awkward.to_numpy(p).astype(numpy.float32))[None], torch.from_numpy(j)[None]).item()
                  for p, j in zip(rows["particles"], rows["jet"])]
    numpy.savez_compressed(HERE / "sample_scores.npz", probW=numpy.float32(scores))


if __name__ == "__main__":
    main()
