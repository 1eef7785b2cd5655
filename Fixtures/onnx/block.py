"""Masked self-attention over the particles of a jet, as the recipes of optimized transformers share it."""

import pathlib
import sys
import tempfile

import numpy as np
import onnx
import torch
from torch import nn

sys.path.append(str(pathlib.Path(__file__).parent))
from torch_case import export, uniform


class Block(nn.Module):
    """Attention as BERT writes it: separate projections, an additive mask, a normalization after each sum."""

    def __init__(self, width=32, heads=4):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.embed = nn.Linear(6, width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.start = nn.LayerNorm(width)
        self.expand, self.contract, self.head = nn.Linear(width, 2 * width), nn.Linear(2 * width, width), nn.Linear(width, 2)

    def split(self, x):
        return x.view(x.size(0), x.size(1), self.heads, self.size).permute(0, 2, 1, 3)

    def forward(self, particles, mask):
        x = self.start(self.embed(particles))
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = torch.matmul(query, key.transpose(-1, -2)) / self.size**0.5
        scores = scores + (1.0 - mask[:, None, None, :]) * -10000.0
        context = torch.matmul(torch.softmax(scores, dim=-1), value).permute(0, 2, 1, 3).contiguous()
        context = context.view(context.size(0), context.size(1), self.heads * self.size)
        x = self.first(self.out(context) + x)
        x = self.second(self.contract(nn.functional.gelu(self.expand(x))) + x)
        return self.head(x.mean(dim=1))


def jets(seed, batch, count):
    lengths = np.random.default_rng(seed).integers(1, count + 1, batch)
    mask = (np.arange(count) < lengths[:, None]).astype(np.float32)
    return {"particles": uniform(seed, batch, count, 6), "mask": mask}


def exported_block():
    """The block in float32, as the TorchScript exporter writes it."""
    torch.manual_seed(43)
    axes = {"particles": {0: "batch", 1: "n_particles"}, "mask": {0: "batch", 1: "n_particles"}, "logits": {0: "batch"}}
    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "model.onnx"
        export(Block().eval(), jets(1, 5, 12), ["logits"], path, 17, axes, False)
        return onnx.load(path)


def fused(model):
    """The block with what onnxruntime.transformers fuses for BERT."""
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "model.onnx"
        onnx.save(model, path)
        options = FusionOptions("bert")
        result = optimize_model(
            str(path), model_type="bert", num_heads=4, hidden_size=32, optimization_options=options, opt_level=0, use_gpu=False
        )
        result.save_model_to_file(str(path))
        return onnx.load(path)
