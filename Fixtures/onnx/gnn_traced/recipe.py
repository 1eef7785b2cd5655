"""Message passing on a track graph given by its edges."""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))
from torch_case import make, uniform


class Network(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.embed, self.message = nn.Linear(4, width), nn.Linear(2 * width, width)
        self.update, self.edge = nn.Linear(3 * width, width), nn.Linear(2 * width, 1)

    def forward(self, nodes, edges):
        x = torch.relu(self.embed(nodes))
        source, target = edges[0], edges[1]
        sent = torch.relu(self.message(torch.cat([x[source], x[target] - x[source]], dim=1)))
        index = target.unsqueeze(1).expand_as(sent)
        total = torch.zeros_like(x).scatter_add(0, index, sent)
        largest = torch.zeros_like(x).scatter_reduce(0, index, sent, reduce="amax", include_self=True)
        x = torch.relu(self.update(torch.cat([x, total, largest], dim=1)))
        return torch.sigmoid(self.edge(torch.cat([x[source], x[target]], dim=1))).squeeze(1)


def graph(seed, nodes, edges):
    return {"nodes": uniform(seed, nodes, 4), "edges": np.random.default_rng(seed).integers(0, nodes, (2, edges))}


torch.manual_seed(19)
make(
    HERE,
    Network(),
    graph(1, 12, 40),
    ["scores"],
    18,
    {"nodes": {0: "n_nodes"}, "edges": {1: "n_edges"}, "scores": {0: "n_edges"}},
    "the graph of gnn_edgeconv as the TorchScript exporter writes it: If and Identity, whose annotated rank is wrong",
    rtol=2e-5,
    others={"dense": graph(2, 5, 60), "one_edge": graph(3, 2, 1), "no_edge": graph(4, 3, 0)},
)
