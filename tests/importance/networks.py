"""A network small enough to check every score by hand."""

import torch
from torch import nn

from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Task
from ecoflap.masking import MaskedModel, rank_model
from ecoflap.types import Layer


def network(dtype=torch.float32):
    """Two layers, each a block of its own."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    with torch.no_grad():
        model[2].weight.mul_(3)
    return model.to(dtype)


def task_of(model, batches=None, only=("first", "second"), **settings):
    """A classification task for `model` on two batches."""
    linears = {"first": model[0], "second": model[2]}
    layers = tuple(Layer(name, name, "language", *linears[name].weight.shape) for name in only)
    masked = MaskedModel(layers, linears)

    def loss(batch):
        return nn.functional.cross_entropy(model(batch[0]).float(), batch[1])

    def losses(batch):
        each = nn.functional.cross_entropy(model(batch[0]).float(), batch[1], reduction="none")
        return each, torch.ones_like(each)

    return Task(
        layers,
        linears,
        {name: linears[name] for name in only},
        loss,
        made_batches() if batches is None else batches,
        Settings(**settings),
        losses=losses,
        masked=masked,
        norms={name: torch.linspace(0.5, 2.0, module.in_features) for name, module in linears.items()},
        ranked=rank_model(masked.layers, lambda name: masked.dense[name].float().abs(), "row"),
    )


def made_batches():
    """Two batches of 16 inputs with the classes that the network gives them, so that pruning it does harm."""
    generator = torch.Generator().manual_seed(1)
    inputs = [torch.randn(16, 6, generator=generator) for _ in range(2)]
    return [(batch, network()(batch).argmax(1)) for batch in inputs]
