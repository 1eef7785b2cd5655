"""A graph network that scores pairs of hits, by PyTorch: nodes are hits, and three times messages go along pairs and back."""

import pathlib
import sys

import numpy
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipes
import simulation

WIDTH = 24


def dense(inputs, outputs=WIDTH):
    return nn.Sequential(nn.Linear(inputs, WIDTH), nn.ReLU(), nn.Linear(WIDTH, outputs))


class Network(nn.Module):
    def __init__(self, steps=3):
        super().__init__()
        self.hit, self.pair, self.score = dense(4), dense(5), dense(WIDTH, 1)
        self.on_pairs = nn.ModuleList([dense(3 * WIDTH) for _ in range(steps)])
        self.on_hits = nn.ModuleList([dense(3 * WIDTH) for _ in range(steps)])

    def logits(self, nodes, pairs, edges):
        hits, links = self.hit(nodes), self.pair(edges)
        for on_pairs, on_hits in zip(self.on_pairs, self.on_hits):
            links = links + on_pairs(torch.cat([links, hits[pairs[0]], hits[pairs[1]]], dim=1))
            messages = torch.relu(links)
            outward = torch.zeros_like(hits).index_add(0, pairs[0], messages)
            inward = torch.zeros_like(hits).index_add(0, pairs[1], messages)
            hits = hits + on_hits(torch.cat([hits, outward / 4, inward / 4], dim=1))
        return self.score(links)

    def forward(self, nodes, pairs, edges):
        return torch.sigmoid(self.logits(nodes, pairs, edges))


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    events = []
    for seed in range(100):
        hits = simulation.event(seed)
        inputs = simulation.tensors(hits)
        target = simulation.truth(hits, inputs["pairs"]).astype(numpy.float32)[:, None]
        events.append(([torch.from_numpy(value) for value in inputs.values()], torch.from_numpy(target)))
    network, order = Network(), numpy.random.default_rng(2)
    recipes.fit(
        network, lambda i: nn.functional.binary_cross_entropy_with_logits(network.logits(*events[i][0]), events[i][1]),
        lambda _: order.permutation(len(events)), 14, 4e-3)
    inputs = simulation.tensors(simulation.event(900, 30))
    recipes.torch_to_onnx(
        HERE, network, inputs, ["score"], {"nodes": {0: "hits"}, "pairs": {1: "pairs"}, "edges": {0: "pairs"}},
        1e-4, 2e-6, "float32 sums in another order, through three rounds of messages")


if __name__ == "__main__":
    main()
