"""Zeroth-order importance (ECoFLaP, arXiv 2310.02998, equation 3): how far the loss moves with a matrix, forwards only.

For a batch d and a direction z ~ N(0, I) of matrix W: |L(W + eps z; d) - L(W - eps z; d)| / (2 eps). Its expectation
over z is sqrt(2 / pi) * ||dL/dW||_F. The score is the mean over batches and draws.
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.replay import Replay
from ecoflap.types import Layer

# Reports (units done, units in all, seconds left); returns False to stop.
Progress = Callable[[int, int, float], bool | None]


def seed_of(seed: int, name: str, batch: int) -> int:
    """Seed of a layer's draws on a batch: it does not depend on which other layers or batches are scored."""
    digest = hashlib.sha256(f"{seed}/{name}/{batch}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@contextmanager
def in_float32(module: nn.Module) -> Iterator[None]:
    """Compute in float32 inside the context; afterwards every value has its old type and its old bits again.

    In bfloat16 neither a weight nor the loss resolves a step of 1e-3. Going up loses nothing, so coming back is exact.
    Needs the memory of the model in float32.
    """
    tensors = [t for t in (*module.parameters(), *module.buffers()) if t.is_floating_point() and t.dtype.itemsize < 4]
    kinds = [tensor.dtype for tensor in tensors]
    try:
        for tensor in tensors:
            tensor.data = tensor.data.float()
        yield
    finally:
        for tensor, kind in zip(tensors, kinds):
            tensor.data = tensor.data.to(kind)


@contextmanager
def movable(linear: nn.Linear) -> Iterator[torch.Tensor]:
    """Give `linear` a copy of its weight to move about; its own weight is put back afterwards, bit for bit.

    Yields:
        The weight that the layer uses meanwhile, (rows, cols), to be written in place.
    """
    dense = linear.weight
    moved = dense.detach().clone()
    linear.weight = nn.Parameter(moved, requires_grad=False)
    try:
        yield moved
    finally:
        linear.weight = dense


def draws(linear: nn.Linear, loss: Callable[[], torch.Tensor], count: int, eps: float, seed: int) -> list[float]:
    """`count` draws of |L(W + eps z) - L(W - eps z)| / (2 eps) for one matrix on one batch.

    Args:
        linear: the layer that is moved.
        loss: runs the model on the batch and gives its loss.
        count: number of directions.
        eps: length of the step along z.
        seed: of the directions' generator.
    """
    generator = torch.Generator(device="cpu").manual_seed(seed)
    values = []
    with movable(linear) as weight, torch.no_grad():
        dense = weight.clone()
        for _ in range(count):
            z = torch.randn(weight.shape, generator=generator).to(weight.device)
            weight.copy_(dense).add_(z, alpha=eps)
            above = float(loss())
            weight.copy_(dense).sub_(z, alpha=eps)
            values.append(abs(above - float(loss())) / (2 * eps))
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


def score(
    layers: Sequence[Layer],
    linears: Mapping[str, nn.Linear],
    loss: Callable[[Any], torch.Tensor],
    batches: Sequence[Any],
    blocks: Mapping[str, nn.Module],
    draws_per_batch: int = 1,
    eps: float = 1e-3,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Layer, ...]:
    """Score every layer; the model's weights are the same afterwards, bit for bit.

    Args:
        layers: what to score.
        linears: their modules by name.
        loss: batch -> mean loss over its answer tokens.
        batches: the calibration batches.
        blocks: the layers' blocks by name: a pass for a layer starts at its block, see `ecoflap.replay`.
        draws_per_batch: directions per layer and batch; the public code takes one.
        eps: length of the step.
        seed: of all directions.
        progress: told after every layer of every batch; returning False cancels.

    Raises:
        EcoflapError: a loss is not finite.
        Cancelled: `progress` said so.
    """
    values: dict[str, list[list[float]]] = {layer.name: [] for layer in layers}
    total, done, began = len(layers) * len(batches), 0, time.monotonic()
    for number, batch in enumerate(batches):
        with Replay(blocks, partial(loss, batch)) as replay:
            for layer in layers:
                run = partial(replay.start, layer.block)
                values[layer.name].append(
                    draws(linears[layer.name], run, draws_per_batch, eps, seed_of(seed, layer.name, number))
                )
                _check(layer.name, number, values[layer.name][-1])
                done += 1
                left = (time.monotonic() - began) / done * (total - done)
                if progress is not None and progress(done, total, left) is False:
                    raise Cancelled
    return tuple(_scored(layer, values[layer.name]) for layer in layers)


def _check(layer: str, batch: int, values: Sequence[float]) -> None:
    """Raise unless every draw is a finite number."""
    if not all(map(math.isfinite, values)):
        raise EcoflapError("loss_not_finite", layer=layer, batch=batch)


def _scored(layer: Layer, values: Sequence[Sequence[float]]) -> Layer:
    """The layer with the summary of its draws per batch."""
    score, stderr, count = summary(values)
    return replace(layer, score=score, stderr=stderr, draws=count)
