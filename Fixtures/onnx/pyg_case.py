"""Networks of PyTorch Geometric's layers, and graphs for them, that several recipes share."""

import numpy as np
import torch
import torch_case
from torch import nn
from torch_geometric.nn import EdgeConv, GATConv, GCNConv, MessagePassing

torch_case.PACKAGES.append("torch_geometric")


class Convolutions(nn.Module):
    """A graph convolution, one on edges, and attention.

    The TorchScript exporter fails at the largest message, for which attention asks as well, the newer one at attention's own
    self-loops: each is given what it can export.
    """

    def __init__(self, dynamo, width=16):
        super().__init__()
        self.first = GCNConv(5, width)
        inner = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, width))
        self.second = EdgeConv(inner, aggr="max" if dynamo else "mean")
        self.third = GATConv(width, width // 2, heads=2, add_self_loops=False) if dynamo else GCNConv(width, width)
        self.last = nn.Linear(width, 3)

    def forward(self, nodes, edges):
        x = torch.relu(self.first(nodes, edges))
        x = torch.relu(self.second(x, edges))
        return self.last(torch.relu(self.third(x, edges)))


class Gravity(MessagePassing):
    """GravNet's layer: neighbours by distance in a learned space, weighted by it; mean and largest message, or sum."""

    def __init__(self, inputs, outputs, dynamo, k=4):
        super().__init__(aggr=["mean", "max" if dynamo else "sum"])
        self.k = k
        self.place, self.send = nn.Linear(inputs, 3), nn.Linear(inputs, 8)
        self.keep, self.merge = nn.Linear(inputs, outputs), nn.Linear(16, outputs)

    def forward(self, x):
        places = self.place(x)
        distance = (places.unsqueeze(1) - places.unsqueeze(0)).square().sum(dim=2)
        nearest, source = torch.topk(distance, self.k, dim=1, largest=False)
        target = torch.arange(x.size(0)).unsqueeze(1).expand_as(source)
        edges = torch.stack([source.reshape(-1), target.reshape(-1)])
        received = self.propagate(edges, x=self.send(x), weight=torch.exp(-10 * nearest.reshape(-1)))
        return self.keep(x) + self.merge(received)

    def message(self, x_j, weight):
        return x_j * weight.unsqueeze(1)


class GravNet(nn.Module):
    def __init__(self, dynamo):
        super().__init__()
        self.first, self.second, self.last = Gravity(5, 16, dynamo), Gravity(16, 16, dynamo), nn.Linear(16, 2)

    def forward(self, nodes):
        return self.last(torch.relu(self.second(torch.relu(self.first(nodes)))).mean(dim=0, keepdim=True))


def graph(seed, nodes, edges):
    random = np.random.default_rng(seed)
    source = random.integers(0, nodes, edges)
    target = (source + random.integers(1, nodes, edges)) % nodes
    return {"nodes": torch_case.uniform(seed, nodes, 5), "edges": np.stack([source, target])}


def convolutions(folder, description, dynamo, opset, **extra):
    torch.manual_seed(61)
    axes = {"nodes": {0: "n_nodes"}, "edges": {1: "n_edges"}, "scores": {0: "n_nodes"}}
    others = {"dense": graph(2, 5, 60), "one_edge": graph(3, 3, 1)}
    torch_case.make(
        folder,
        Convolutions(dynamo),
        graph(1, 12, 40),
        ["scores"],
        opset,
        axes,
        description,
        dynamo=dynamo,
        others=others,
        **extra,
    )


def gravnet(folder, description, dynamo, opset, **extra):
    torch.manual_seed(62)
    others = {"many": {"nodes": torch_case.uniform(2, 40, 5)}, "few": {"nodes": torch_case.uniform(3, 5, 5)}}
    torch_case.make(
        folder,
        GravNet(dynamo),
        {"nodes": torch_case.uniform(1, 20, 5)},
        ["scores"],
        opset,
        {"nodes": {0: "n_nodes"}},
        description,
        dynamo=dynamo,
        others=others,
        **extra,
    )
