"""Measuring a task: unit by unit under a lock, each value journalled at once, with an estimate of the rest."""

import math
import time
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.importance.task import Method, Task, Unit, Values, whole
from ecoflap.types import Layer


@dataclass(frozen=True)
class Step:
    """How far a run is.

    Attributes:
        done: units measured, those of an earlier run included.
        total: units in all.
        left: estimated seconds to the end; NaN before the first unit of this run.
    """

    done: int
    total: int
    left: float


# Told of every step; returns False to stop.
Progress = Callable[[Step], bool | None]
# What is known so far, whenever somebody asks, from any thread: the task's layers, None where nothing is known yet.
Look = Callable[[], tuple[Layer | None, ...]]
# Measures units of a task, given the values known before them: each with its values, in any order.
Spread = Callable[[Task, Sequence[Unit], Values], Iterator[tuple[Unit, list[float]]]]


def measure(
    method: Method,
    task: Task,
    journal: MutableMapping[str, list[float]] | None = None,
    hold: Callable[[], AbstractContextManager] = nullcontext,
    progress: Progress | None = None,
    watch: Callable[[Look], None] | None = None,
    spread: Spread | None = None,
) -> tuple[Layer, ...]:
    """Measure all units that the journal lacks, and summarise.

    Args:
        method: how to score.
        task: what to score; its weights are the same afterwards, bit for bit.
        journal: key -> values of units measured before; every new one is put in as soon as it is known.
        hold: a context around every unit, in which nobody else changes or runs the model.
        progress: told after every unit; returning False cancels.
        watch: given, before the first unit, what to ask for the layers as far as they are known. The run does nothing
            for it: only who asks computes, and what is asked for last is all that a stopped run has.
        spread: measures the units elsewhere; by default they are measured here, one after another.

    Raises:
        EcoflapError: a measured value is not a finite number.
        Cancelled: `progress` said so.
    """
    known = {} if journal is None else journal
    clock = _Clock()
    if watch is not None:
        watch(partial(method.layers, task, known))
    try:
        _tell(progress, clock.plan(method.units(task, known), known, method.undecided(task, known)))
        while True:
            units = method.units(task, known)
            todo = [unit for unit in units if unit.key not in known]
            if not todo:
                return method.layers(task, known)
            clock.plan(units, known, method.undecided(task, known))
            for unit, values in (spread or partial(_here, hold))(task, todo, known):
                known[unit.key] = _checked(task, unit, values, known)
                _tell(progress, clock.step(unit))
    finally:
        task.close()


def _here(
    hold: Callable[[], AbstractContextManager], task: Task, todo: Sequence[Unit], known: Values
) -> Iterator[tuple[Unit, list[float]]]:
    """Measure units one after another; the model is held for one at a time."""
    for unit in todo:
        with hold():
            values = unit.measure()
        yield unit, values


def _checked(task: Task, unit: Unit, values: list[float], known: MutableMapping[str, list[float]]) -> list[float]:
    """The values of a unit; batches that ran whole passes are noted beside them."""
    if not all(map(math.isfinite, values)):
        raise EcoflapError("loss_not_finite", unit=unit.key)
    for number in task.whole_passes:
        known.setdefault(whole(number), [1.0])
    return values


class _Clock:
    """Estimates the time to the end from the cost of what this run has measured."""

    def __init__(self) -> None:
        self._began, self._spent = time.monotonic(), 0.0
        self._done, self._total, self._cost = 0, 0, 0.0

    def plan(self, units: Sequence[Unit], known: Values, undecided: float) -> Step:
        """Take over the units known by now; `undecided` is the cost of those that may be added."""
        left = [unit.cost for unit in units if unit.key not in known]
        self._done, self._total, self._cost = len(units) - len(left), len(units), sum(left) + undecided
        return self.step(None)

    def step(self, unit: Unit | None) -> Step:
        """How far the run is after `unit`."""
        if unit is not None:
            self._done, self._spent, self._cost = self._done + 1, self._spent + unit.cost, self._cost - unit.cost
        # Costs are sums of numbers that need not be whole.
        left = 0.0 if self._done == self._total and self._cost < 1e-9 * self._spent else max(self._cost, 0.0)
        pace = (time.monotonic() - self._began) / self._spent if self._spent else math.nan
        return Step(self._done, self._total, pace * left)


def _tell(progress: Progress | None, step: Step) -> None:
    """Report a step; raise where the answer is to stop."""
    if progress is not None and progress(step) is False:
        raise Cancelled
