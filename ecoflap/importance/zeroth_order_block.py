"""Zeroth-order importance of whole blocks: one draw moves every matrix of a block along its own direction.

A block costs what one matrix costs, so a model takes as many passes less as a block has matrices. It is another
estimate: its expectation is sqrt(2 / pi) times the norm of the block's gradient, the root of the sum of squares over
its matrices, where the paper's block score is the sum of its matrices' norms. By Cauchy and Schwarz that sum is larger
by a factor between 1 and the square root of the number of matrices, so blocks with many matrices weigh less here.
"""

from dataclasses import replace
from functools import partial

from ecoflap.importance.task import Method, Task, Unit, Values, by_block, key, seed_of
from ecoflap.importance.zeroth_order import draws, forwards, measured, summary
from ecoflap.types import Layer

# What the score is called in a bundle whose scores are others.
STAT = "zeroth_order_block"


def units(task: Task, values: Values) -> list[Unit]:
    """One unit per batch and block, batch by batch."""
    return [
        Unit(key(number, block), partial(_measure, task, number, block, members), task.passes_from(block))
        for number in range(len(task.batches))
        for block, members in by_block(task.layers).items()
    ]


def _measure(task: Task, number: int, block: str, members: list[Layer]) -> list[float]:
    """The draws of one block on one batch."""
    seeds = [seed_of(task.settings.seed, layer.name, number) for layer in members]
    moved = [task.linears[layer.name] for layer in members]
    run = partial(task.replay(number).start, block)
    return draws(moved, run, task.settings.draws, task.settings.eps, seeds)


def layers(task: Task, values: Values) -> tuple[Layer | None, ...]:
    """Every layer with its share, by size, of its block's score and of the standard error.

    Nothing is known inside a block; sums over a block, as the allocation takes them, give the block's score.
    """
    scored = {}
    for block, members in by_block(task.layers).items():
        batches = measured(values, block, range(len(task.batches)))
        if not batches:
            continue
        score, stderr, count = summary(batches)
        size = sum(layer.size for layer in members)
        for layer in members:
            share = layer.size / size
            error = None if stderr is None else stderr * share
            stats = layer.stats | {STAT: score * share}
            scored[layer.name] = replace(layer, score=score * share, stderr=error, draws=count, stats=stats)
    return tuple(scored.get(layer.name) for layer in task.layers)


METHOD = Method(
    "zeroth-order-block",
    "Zeroth-order, whole blocks",
    "https://arxiv.org/abs/2310.02998",
    units,
    layers,
    forwards=forwards,
)
