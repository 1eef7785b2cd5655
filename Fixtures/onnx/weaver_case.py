"""Networks and jets that the recipes of weaver's taggers share."""

import numpy as np
import torch
from weaver.nn.model.ParticleNet import ParticleNet
from weaver.nn.model.ParticleTransformer import ParticleTransformer

import torch_case

torch_case.PACKAGES.append("weaver-core")


def seasoned(network, seed):
    """The network with other statistics in its batch normalizations than a fresh one has."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean.copy_(torch.randn(module.running_mean.shape, generator=generator) * 0.2)
            module.running_var.copy_(torch.rand(module.running_var.shape, generator=generator) + 0.5)
    return network.eval()


def jets(seed, batch, count, points):
    """Particles padded with zeros, but momenta by going round: coordinates or momenta, features, mask.

    The TorchScript exporter makes atan2(0, 0) a NaN, which is 0 in torch.
    """
    random = np.random.default_rng(seed)
    lengths = random.integers(min(2, count), count + 1, batch)
    mask = (np.arange(count) < lengths[:, None])[:, None, :].astype(np.float32)
    momentum, eta, phi = random.exponential(5, (batch, count)) + 0.5, *random.normal(0, 0.3, (2, batch, count))
    features = np.stack(
        [
            np.log(momentum),
            eta,
            phi,
            eta**2 + phi**2,
            random.normal(0, 1, (batch, count)),
            random.integers(-1, 2, (batch, count)),
        ],
        1,
    ).astype(np.float32)
    if points:
        first = np.stack([eta, phi], 1)
        return {"points": (first * mask).astype(np.float32), "features": features * mask, "mask": mask}
    energy = np.sqrt((momentum * np.cosh(eta)) ** 2 + 0.14**2)
    vectors = np.stack([momentum * np.cos(phi), momentum * np.sin(phi), momentum * np.sinh(eta), energy], 1)
    wrapped = np.stack([vector[:, np.arange(count) % length] for vector, length in zip(vectors, lengths)])
    return {"features": features * mask, "vectors": wrapped.astype(np.float32), "mask": mask}


def particlenet():
    torch.manual_seed(51)
    network = ParticleNet(
        6, 5, conv_params=[(4, (16, 16, 16)), (4, (24, 24, 24))], fc_params=[(32, 0.1)], use_fusion=True, for_inference=True
    )
    return seasoned(network, 52)


def transformer(**options):
    torch.manual_seed(53)
    network = ParticleTransformer(
        6,
        5,
        embed_dims=(16, 32, 16),
        pair_embed_dims=(8, 8),
        **{"num_heads": 4, "num_layers": 2, "num_cls_layers": 1, "for_inference": True} | options,
    )
    return seasoned(network, 54)


def store(folder, network, points, description, dynamo, opset, fixed=False, **extra):
    inputs = jets(1, 6, 14, points)
    free = {0: "batch"} if fixed else {0: "batch", 2: "n_particles"}
    axes = {name: free for name in inputs} | {"scores": {0: "batch"}}
    others = {"one": jets(2, 1, 14, points)} | ({} if fixed else {"long": jets(3, 3, 40, points)})
    torch_case.make(
        folder,
        network,
        inputs,
        ["scores"],
        opset,
        axes,
        description,
        dynamo=dynamo,
        others=others,
        **extra,
    )
