"""All figures of the bench beside their bars."""

from collections.abc import Callable
from dataclasses import dataclass

from ecoflap.bench import allocating, applying, gradients, replaying, resuming
from ecoflap.texts import say

Value = float | bool


@dataclass(frozen=True)
class Figure:
    """A figure that is promised.

    Attributes:
        name: its key.
        bar: what it has to reach.
        at_least: whether more is better.
    """

    name: str
    bar: Value
    at_least: bool = True

    def met(self, value: Value) -> bool:
        """Whether `value` reaches the bar."""
        return value >= self.bar if self.at_least else value <= self.bar

    def row(self, value: Value) -> dict[str, str]:
        """What people read of it."""
        sign = ("≥ " if self.at_least else "≤ ") if type(self.bar) is float else ""
        return {
            "name": self.name,
            "measured": shown(value),
            "bar": sign + shown(self.bar),
            "met": say("bench.met") if self.met(value) else say("bench.missed"),
            "what": say(f"bench.{self.name}"),
        }


FIGURES = (
    Figure("zeroth_order_replay_speedup", 2.5),
    Figure("zeroth_order_replay_speedup_blip2", 3.5),
    Figure("first_order_gradient_memory_ratio", 0.1, at_least=False),
    Figure("apply_over_copy", 2.0, at_least=False),
    Figure("apply_speedup_over_sort", 30.0),
    Figure("allocate_588_ms", 0.3, at_least=False),
    Figure("allocate_96_targets_ms", 10.0, at_least=False),
    Figure("resume_identical", True),
    Figure("weights_identical", True),
)
# What is measured in turn: short and sensitive ones first, before the processor is warm from long ones.
PARTS: tuple[Callable[[bool], dict[str, Value]], ...] = (
    allocating.allocating,
    applying.applying,
    gradients.measure,
    replaying.measure,
    resuming.measure,
)


def measure(quick: bool, told: Callable[[int], object]) -> dict[str, Value]:
    """Measure everything: the promised figures in their order, then the others by name.

    Args:
        quick: with fewer repetitions, 45 s in all on two processors.
        told: called with the number of parts that are done.
    """
    found: dict[str, Value] = {}
    for done, part in enumerate(PARTS, 1):
        found |= part(quick)
        told(done)
    promised = [figure.name for figure in FIGURES]
    return {name: found[name] for name in (*promised, *sorted(found.keys() - set(promised)))}


def rows(found: dict[str, Value]) -> list[dict[str, str]]:
    """The promised figures as people read them."""
    return [figure.row(found[figure.name]) for figure in FIGURES]


def shown(value: Value) -> str:
    """Three digits, or yes or no."""
    if isinstance(value, bool):
        return say("bench.yes") if value else say("bench.no")
    return f"{value:.3g}"
