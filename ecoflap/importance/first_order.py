"""First-order importance (ECoFLaP, arXiv 2310.02998): sums over a matrix's gradient, from one backward pass a batch.

For a matrix W with gradient g of a batch's loss, and mean over batches: GradOnly = sum |g|, GradMagAbs = sum |W| |g|,
GradMagSquare = sum W^2 g^2. Each is one number per matrix and batch, so no gradient outlives the step that made it.
A model in bfloat16 or float16 makes its gradients in that type, where float16 loses those below 6e-8; they are reduced
in float32.
"""

from dataclasses import replace
from functools import partial

from ecoflap.importance.settings import GRADIENTS
from ecoflap.importance.streaming import gradient_sums
from ecoflap.importance.task import Method, Task, Unit, Values, key
from ecoflap.importance.zeroth_order import summary
from ecoflap.types import Layer


def units(task: Task, values: Values) -> list[Unit]:
    """One unit per batch: its values are the three sums of every layer, in the order of the task's layers."""
    return [Unit(_place(number), partial(_measure, task, number)) for number in range(len(task.batches))]


def _place(number: int) -> str:
    return key(number, "every layer")


def _measure(task: Task, number: int) -> list[float]:
    """The sums of one batch; kept activations are bounded as kept block outputs are."""
    weights = [task.linears[layer.name].weight for layer in task.layers]
    run = partial(task.loss, task.batches[number])
    sums = gradient_sums(weights, task.blocks.values(), run, task.settings.replay_bytes)
    return [value for layer in sums for value in layer]


def layers(task: Task, values: Values) -> tuple[Layer | None, ...]:
    """Every layer with the score that the settings name, its standard error over batches, and all three as stats."""
    found = (values.get(_place(number)) for number in range(len(task.batches)))
    batches = [batch for batch in found if batch is not None]
    if not batches:
        return (None,) * len(task.layers)
    return tuple(
        _scored(layer, task.settings.gradient, [batch[3 * index : 3 * index + 3] for batch in batches])
        for index, layer in enumerate(task.layers)
    )


def _scored(layer: Layer, gradient: str, batches: list[list[float]]) -> Layer:
    """One layer from its three sums per batch."""
    found = {name: summary([[value] for value in each]) for name, each in zip(GRADIENTS, zip(*batches))}
    score, stderr, count = found[gradient]
    stats = {f"first_order.{name}": mean for name, (mean, _, _) in found.items()}
    return replace(layer, score=score, stderr=stderr, draws=count, stats=layer.stats | stats)


def forwards(task: Task) -> float:
    """A pass through all blocks and back, which costs twice as much again."""
    return 3.0 * len(task.blocks)


METHOD = Method(
    "first-order",
    "First-order",
    "https://arxiv.org/abs/2310.02998",
    units,
    layers,
    forwards_only=False,
    forwards=forwards,
)
