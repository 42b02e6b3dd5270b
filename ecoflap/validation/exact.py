"""What zeroth-order scores estimate, computed exactly: gradients by autograd, and how scores compare with them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ecoflap.importance.task import Task
from ecoflap.types import Layer
from ecoflap.validation.agreement import block_sums, spearman

# ||dL/dW||_F by layer name, batch by batch.
Norms = Mapping[str, Sequence[float]]


def gradients(task: Task, number: int) -> dict[str, torch.Tensor]:
    """dL/dW of every layer on batch `number`: name -> (rows, cols)."""
    weights = [task.linears[layer.name].weight for layer in task.layers]
    with _wanted(weights):
        found = torch.autograd.grad(task.loss(task.batches[number]), weights)
    return {layer.name: gradient for layer, gradient in zip(task.layers, found)}


@contextmanager
def _wanted(weights: Sequence[torch.Tensor]) -> Iterator[None]:
    """The weights require gradients inside the context only."""
    before = [weight.requires_grad for weight in weights]
    try:
        for weight in weights:
            weight.requires_grad_(True)
        yield
    finally:
        for weight, was in zip(weights, before):
            weight.requires_grad_(was)


def norms_of(task: Task) -> dict[str, list[float]]:
    """||dL/dW||_F of every layer, batch by batch: name -> (batches,)."""
    batches = [gradients(task, number) for number in range(len(task.batches))]
    return {layer.name: [float(each[layer.name].double().norm()) for each in batches] for layer in task.layers}


def ratios(scores: Mapping[str, float], norms: Norms) -> list[float]:
    """Score over the mean of the batches' norms, layer by layer."""
    return [scores[name] * len(each) / sum(each) for name, each in norms.items()]


def correlations(layers: Sequence[Layer], scores: Mapping[str, float], norms: Norms) -> dict[str, float]:
    """Spearman between scores and norms, over layers and over blocks' sums."""
    means = {name: sum(each) / len(each) for name, each in norms.items()}
    one, other = block_sums(layers, scores), block_sums(layers, means)
    return {
        "layers": spearman([scores[name] for name in means], list(means.values())),
        "blocks": spearman([one[block] for block in other], list(other.values())),
    }


class InFloat64(TorchFunctionMode):
    """Where a model asks for float32 inside the context it gets float64.

    Libraries compute norms and softmax in float32 even in a float64 model, and that noise is what a float64 reference
    has to be free of.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        wide = torch.Tensor.double if func is torch.Tensor.float else func
        named = {name: _wider(value) for name, value in (kwargs or {}).items()}
        return wide(*map(_wider, args), **named)


def _wider(value: Any) -> Any:
    """float64 for float32, everything else as it is."""
    return torch.float64 if value is torch.float32 else value
