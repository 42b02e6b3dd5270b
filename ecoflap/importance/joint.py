"""Joint response: what a block's next step costs while all the others are pruned too, and the sparsities it leads to.

Losses of blocks that are pruned alone add up only while little is pruned. So at a few targets the model is pruned as
their curves say (`response`), every block is moved a few steps up and down from there, one at a time, on all samples,
and the budget is spent again along what that costs. Measured where it matters, the cost of a step holds what blocks do
to each other, to first order.

What a step costs is not a loss but how much less probable the answers become: a loss has no bound, so where much is
pruned a few answers that are lost anyway would decide it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from ecoflap.allocation import allocate, budget
from ecoflap.allocation.curves import convex_slopes
from ecoflap.importance import response
from ecoflap.importance.task import Method, Task, Unit, Values, by_block
from ecoflap.types import Layer, Recipe, ScoreBundle

# Targets at which the model is pruned, and steps of a block's sparsity from where the curves put it.
TARGETS = (0.5, 0.6, 0.7, 0.8)
STEPS = (-0.2, -0.1, 0.05, 0.1)
# The stat of a layer: target and sparsity in turn.
STAT = "joint"


def place(number: int, target: float, block: str) -> str:
    """Key of the unit that moves `block` on batch `number` around what is best at `target` by the curves."""
    return f"{number}/joint/{target!r}/{block}"


def units(task: Task, values: Values) -> list[Unit]:
    """The units of `response`; once these are known, one per target, batch and block."""
    first = response.units(task, values)
    if any(unit.key not in values for unit in first):
        return first
    return first + [unit for target in TARGETS for unit in _around(task, starts(task, values, target), target)]


def _around(task: Task, start: Mapping[str, float], target: float) -> list[Unit]:
    """The units of one target, batch by batch."""
    return [
        Unit(place(number, target, block), partial(_moves, task, number, target, start, block), _cost(task, block))
        for number in range(len(task.batches))
        for block in start
    ]


def _cost(task: Task, block: str) -> float:
    return len(STEPS) * task.passes_from(block)


def undecided(task: Task, values: Values) -> float:
    """Cost of what the curves decide, as long as they are not known."""
    left = response.undecided(task, values)
    if all(unit.key in values for unit in response.units(task, values)):
        return left
    blocks = {layer.block for layer in task.layers if layer.modality in Recipe().modalities}
    return left + len(TARGETS) * len(task.batches) * sum(_cost(task, block) for block in blocks)


def starts(task: Task, values: Values, target: float) -> dict[str, float]:
    """Sparsity of every block of the prunable set at `target` by the curves."""
    bundle = ScoreBundle("", "response", response.layers(task, values))
    return allocate(bundle, Recipe(target, allocator="response")).groups()


def tried(sparsity: float, target: float) -> list[float]:
    """The sparsities that a block is moved to, rising, never outside 0 and the cap of the default recipe."""
    cap = Recipe(target).cap
    return sorted({min(max(sparsity + step, 0.0), max(cap, sparsity)) for step in STEPS} - {sparsity})


@torch.no_grad()
def _moves(task: Task, number: int, target: float, start: Mapping[str, float], block: str) -> list[float]:
    """How much less `likely` every sample's answer is for each sparsity of `tried`, one sparsity after another."""
    members = by_block(task.layers)
    kept = {name: count for each, s in start.items() for name, count in _kept(members[each], s).items()}
    found: list[float] = []
    try:
        task.masked.apply(kept, task.ranked)
        replay = task.replay(number, task.losses, f"{target!r}")
        before = likely(*replay.result)
        for sparsity in tried(start[block], target):
            task.masked.apply(kept | _kept(members[block], sparsity), task.ranked)
            found += (before - likely(*replay.start(block))).tolist()
    finally:
        task.masked.restore()
    return found


def likely(losses: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Probability of an answer's token, the geometric mean over each answer.

    Args:
        losses: summed over the answer, (samples,) in nats.
        tokens: of the answer, (samples,).

    Returns:
        (samples,) float64 on the processor, 0 to 1.
    """
    return torch.exp(-losses.cpu().double() / tokens.cpu().double())


def _kept(members: Sequence[Layer], sparsity: float) -> dict[str, int]:
    """Weights kept in every layer of a block."""
    sizes = np.array([layer.size for layer in members])
    kept = budget.largest_remainder(sizes * (1 - sparsity), budget.budget(int(sizes.sum()), sparsity))
    return {layer.name: int(count) for layer, count in zip(members, kept)}


def best(
    start: Mapping[str, float],
    costs: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    sizes: Mapping[str, int],
    target: float,
) -> dict[str, float]:
    """Sparsity of every block that removes as much as `target` at the least cost, each within what was tried.

    Args:
        start: sparsity that each block was moved from.
        costs: the sparsities that it was moved to, rising, and what that cost.
        sizes: weights of every block.
        target: sparsity over all blocks.
    """
    found, parts = {}, []
    for block, (moved, cost) in costs.items():
        points = sorted([(start[block], 0.0), *zip(moved, cost)])
        grid, values = np.array(points).T
        found[block] = grid[0]
        if len(grid) > 1:
            slopes = convex_slopes(grid[1:] - grid[0], values[1:] - values[0])
            widths = np.diff(grid)
            parts += [(slopes[i] / sizes[block], i, block, widths[i]) for i in range(len(widths))]
    left = target * sum(sizes.values()) - sum(sizes[block] * sparsity for block, sparsity in found.items())
    for _, _, block, width in sorted(parts):
        step = min(width, max(left, 0.0) / sizes[block])
        found[block] += step
        left -= step * sizes[block]
    return {block: float(sparsity) for block, sparsity in found.items()}


def solved(task: Task, values: Values, target: float) -> dict[str, float] | None:
    """What `best` makes of all that was measured around `target`; None while something is missing."""
    start = starts(task, values, target)
    numbers = range(len(task.batches))
    if any(place(number, target, block) not in values for number in numbers for block in start):
        return None
    costs = {}
    for block in start:
        moved = tried(start[block], target)
        found = [np.reshape(values[place(number, target, block)], (len(moved), -1)) for number in numbers]
        costs[block] = moved, np.concatenate(found, axis=1).mean(axis=1).tolist()
    sizes = {block: sum(layer.size for layer in members) for block, members in by_block(task.layers).items()}
    return best(start, costs, {block: sizes[block] for block in start}, target)


def layers(task: Task, values: Values) -> tuple[Layer | None, ...]:
    """The layers of `response`, once all is known with the stat; blocks outside the prunable set take the target."""
    found = response.layers(task, values)
    if any(layer is None for layer in found):
        return found
    tables = [solved(task, values, target) for target in TARGETS]
    if None in tables:
        return found
    return tuple(
        replace(
            layer,
            stats=layer.stats
            | {STAT: tuple(x for t, table in zip(TARGETS, tables) for x in (t, table.get(layer.block, t)))},
        )
        for layer in found
    )


METHOD = Method("joint", "Joint response", "", units, layers, prunes=True, undecided=undecided)
