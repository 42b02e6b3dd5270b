"""Zeroth-order importance (ECoFLaP, arXiv 2310.02998, equation 3): how far the loss moves with a matrix, forwards only.

For a batch d and a direction z ~ N(0, I) of matrix W: |L(W + eps z; d) - L(W - eps z; d)| / (2 eps). Its expectation
over z is sqrt(2 / pi) * ||dL/dW||_F. The score is the mean over batches and draws.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from ecoflap.importance.precision import movable
from ecoflap.importance.task import Method, Task, Unit, Values, key, seed_of
from ecoflap.types import Layer


def draws(
    linears: Sequence[nn.Linear], loss: Callable[[], torch.Tensor], count: int, eps: float, seeds: Sequence[int]
) -> list[float]:
    """`count` draws of |L(W + eps z) - L(W - eps z)| / (2 eps) on one batch, W one matrix or several moved together.

    Args:
        linears: the layers that are moved.
        loss: runs the model on the batch and gives its loss.
        count: number of directions.
        eps: length of the step along z.
        seeds: of the directions' generators, one per layer.
    """
    generators = [torch.Generator(device="cpu").manual_seed(seed) for seed in seeds]
    values = []
    dense = [linear.weight.detach() for linear in linears]
    with ExitStack() as stack, torch.no_grad():
        weights = [stack.enter_context(movable(linear)) for linear in linears]
        for _ in range(count):
            directions = [torch.randn(w.shape, generator=g).to(w.device) for w, g in zip(weights, generators)]
            ends = []
            for step in (eps, -eps):
                for weight, start, z in zip(weights, dense, directions):
                    weight.copy_(start).add_(z, alpha=step)
                ends.append(float(loss()))
            values.append(abs(ends[0] - ends[1]) / (2 * eps))
    return values


def summary(batches: Sequence[Sequence[float]]) -> tuple[float, float | None, int]:
    """(score, standard error, draws) of one layer from its draws per batch.

    Draws on one batch share that batch's gradient, so with two or more of them the standard error is that of a
    stratified mean, from the scatter within batches: how well the score of *these* samples is known. With one draw a
    batch it is the scatter between batches, and with one draw in all it is unknown.
    """
    means = [sum(values) / len(values) for values in batches]
    score = sum(means) / len(means)
    count = sum(map(len, batches))
    if all(len(values) > 1 for values in batches):
        variance = sum(_variance(values) / len(values) for values in batches) / len(batches) ** 2
    elif len(batches) > 1:
        variance = _variance(means) / len(means)
    else:
        return score, None, count
    return score, math.sqrt(variance), count


def _variance(values: Sequence[float]) -> float:
    """Unbiased variance."""
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)


def units(task: Task, values: Values) -> list[Unit]:
    """One unit per batch and layer, batch by batch."""
    return [
        Unit(key(number, layer.name), partial(_measure, task, number, layer), task.passes_from(layer.block))
        for number in range(len(task.batches))
        for layer in task.layers
    ]


def _measure(task: Task, number: int, layer: Layer) -> list[float]:
    """The draws of one layer on one batch."""
    run = partial(task.replay(number).start, layer.block)
    seed = seed_of(task.settings.seed, layer.name, number)
    return draws([task.linears[layer.name]], run, task.settings.draws, task.settings.eps, [seed])


def layers(task: Task, values: Values) -> tuple[Layer | None, ...]:
    """Every layer with its score, standard error and number of draws, from the batches that are measured."""
    return tuple(_scored(layer, values, range(len(task.batches))) for layer in task.layers)


def _scored(layer: Layer, values: Values, numbers: Sequence[int]) -> Layer | None:
    """One layer; None where none of its batches is measured."""
    batches = measured(values, layer.name, numbers)
    if not batches:
        return None
    score, stderr, count = summary(batches)
    return replace(layer, score=score, stderr=stderr, draws=count)


def measured(values: Values, name: str, numbers: Sequence[int]) -> list[Sequence[float]]:
    """The values of those units of `name`, a layer or a block, that are measured, batch by batch."""
    found = (values.get(key(number, name)) for number in numbers)
    return [batch for batch in found if batch is not None]


def forwards(task: Task) -> float:
    """Every draw runs the rest of the model twice."""
    return 2.0 * task.settings.draws


def convergence(task: Task, values: Mapping[str, Sequence[float]]) -> list[tuple[int, float | None]]:
    """After every batch: (draws of a layer, median over layers of the standard error as a share of the score)."""
    found = []
    for last in range(1, len(task.batches) + 1):
        scored = [_scored(layer, values, range(last)) for layer in task.layers]
        shares = sorted(layer.stderr / layer.score for layer in scored if layer.stderr is not None and layer.score)
        found.append((scored[0].draws, shares[len(shares) // 2] if shares else None))
    return found


METHOD = Method(
    "zeroth-order", "Zeroth-order (ECoFLaP)", "https://arxiv.org/abs/2310.02998", units, layers, forwards=forwards
)
