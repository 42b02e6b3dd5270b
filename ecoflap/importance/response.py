"""Response: the loss increase when one block alone is really pruned, as a curve over sparsities.

A score from an infinitesimal step says how the loss moves near the dense weights; pruning goes far from them (the two
differ in kind: arXiv 2606.15161). So each block is pruned by the ranks that pruning uses, at a few sparsities, and the
rest of the model is replayed. Every sample is its own pair, dense and pruned, so that what samples have in common
cancels, and the noise of every point is known. All points are measured on the first half of the batches; the second
half is spent on those that are not yet known well. Points that end early did so partly by chance, which leans their
increases up, by a few per cent of the whole at PRECISION.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from ecoflap.allocation import budget
from ecoflap.importance.task import Method, Task, Unit, Values, by_block
from ecoflap.types import Layer

# A point whose standard error is at most this share of its increase needs no further samples.
PRECISION = 0.2
Point = tuple[float, float, float]


def place(number: int, block: str, sparsity: float) -> str:
    """Key of the unit that prunes `block` to `sparsity` on batch `number`."""
    return f"{number}/{block}@{sparsity!r}"


def units(task: Task, values: Values) -> list[Unit]:
    """Every point on the first half of the batches; once these are known, the unsure points on the second half."""
    half = math.ceil(len(task.batches) / 2)
    points = _points(task)
    first = [unit for number in range(half) for unit in _batch(task, number, points)]
    if any(unit.key not in values for unit in first):
        return first
    unsure = [(block, s) for block, s in points if not _known(_point(task, values, block, s, half))]
    return first + [unit for number in range(half, len(task.batches)) for unit in _batch(task, number, unsure)]


def undecided(task: Task, values: Values) -> float:
    """Cost of the second half of the batches, as long as it is open which points need them."""
    half = math.ceil(len(task.batches) / 2)
    every = [unit for number in range(half) for unit in _batch(task, number, _points(task))]
    if all(unit.key in values for unit in every):
        return 0.0
    return sum(unit.cost for unit in every) / half * (len(task.batches) - half)


def _points(task: Task) -> list[tuple[str, float]]:
    """All (block, sparsity) of a task."""
    return [(block, s) for block in by_block(task.layers) for s in task.settings.sparsities]


def _known(point: Point) -> bool:
    """Whether the increase is known to PRECISION."""
    return point[2] <= PRECISION * point[1]


def _batch(task: Task, number: int, points: Sequence[tuple[str, float]]) -> list[Unit]:
    """The units of one batch: its answer lengths, then the points."""
    if not points:
        return []
    found = [Unit(f"{number}/tokens", partial(_tokens, task, number), task.passes_from(points[0][0]))]
    for block, sparsity in points:
        run = partial(_increases, task, number, block, sparsity)
        found.append(Unit(place(number, block, sparsity), run, task.passes_from(block)))
    return found


def _tokens(task: Task, number: int) -> list[float]:
    """Answer tokens of every sample of a batch."""
    return task.replay(number, task.losses).result[1].tolist()


@torch.no_grad()
def _increases(task: Task, number: int, block: str, sparsity: float) -> list[float]:
    """Increase of every sample's summed loss when `block` alone is pruned to `sparsity`."""
    replay = task.replay(number, task.losses)
    members = by_block(task.layers)[block]
    sizes = np.array([layer.size for layer in members])
    kept = budget.largest_remainder(sizes * (1 - sparsity), budget.budget(int(sizes.sum()), sparsity)).tolist()
    try:
        task.masked.apply({layer.name: count for layer, count in zip(members, kept)}, task.ranked)
        pruned = replay.start(block)[0]
    finally:
        task.masked.restore()
    return (pruned.cpu().double() - replay.result[0].cpu().double()).tolist()


def estimate(increases: Sequence[float], tokens: Sequence[float]) -> tuple[float, float]:
    """(loss increase per answer token, its standard error) from paired samples.

    The increase is a ratio of sums, so its error follows from the residuals against that ratio (delta method). One
    sample says nothing of the scatter: the error is then the increase itself.
    """
    total, count = sum(tokens), len(tokens)
    increase = sum(increases) / total
    if count == 1:
        return increase, abs(increase)
    squares = sum((d - increase * n) ** 2 for d, n in zip(increases, tokens))
    return increase, math.sqrt(squares * count / (count - 1)) / total


def _point(task: Task, values: Values, block: str, sparsity: float, batches: int) -> Point | None:
    """(sparsity, increase, standard error) from those of the first `batches` batches that measured the point."""
    increases: list[float] = []
    tokens: list[float] = []
    for number in range(batches):
        measured = values.get(place(number, block, sparsity))
        if measured is not None:
            increases += measured
            tokens += values[f"{number}/tokens"]
    return (sparsity, *estimate(increases, tokens)) if tokens else None


def layers(task: Task, values: Values) -> tuple[Layer | None, ...]:
    """Every layer with its share, by size, of its block's curve and of the area under it, which is the score.

    So curves and scores of any group of layers add up. A block is known as soon as all points of its curve are.
    """
    found: Mapping[str, Layer] = {
        layer.name: layer
        for block, members in by_block(task.layers).items()
        for layer in _scored(task, values, block, members)
    }
    return tuple(found.get(layer.name) for layer in task.layers)


def _scored(task: Task, values: Values, block: str, members: Sequence[Layer]) -> list[Layer]:
    """The layers of one block; none while a point of its curve is missing."""
    curve = tuple(_point(task, values, block, s, len(task.batches)) for s in sorted(task.settings.sparsities))
    if None in curve:
        return []
    area, error = _area(curve)
    size = sum(layer.size for layer in members)
    shares = [layer.size / size for layer in members]
    return [
        replace(
            layer,
            score=area * share,
            stderr=error * share,
            curve=tuple((sparsity, increase * share, sigma * share) for sparsity, increase, sigma in curve),
        )
        for layer, share in zip(members, shares)
    ]


def _area(curve: Sequence[Point]) -> tuple[float, float]:
    """(mean increase over sparsities from 0 to the last one, at least 0; its error).

    All points are of the same samples: their errors are taken as rising and falling together, which is the most.
    """
    ends = [0.0, *(point[0] for point in curve)]
    widths = [(after - before) / 2 for before, after in zip(ends[:-1], [*ends[2:], ends[-1]])]
    area = sum(width * point[1] for width, point in zip(widths, curve))
    return max(area, 0.0), sum(width * point[2] for width, point in zip(widths, curve))


METHOD = Method("response", "Response to pruning", "", units, layers, prunes=True, undecided=undecided)
