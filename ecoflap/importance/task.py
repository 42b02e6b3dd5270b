"""The contract of every way to score: units of work that can stop and go on anywhere, then one summary.

A unit is the smallest piece that is measured, journalled and can be waited for: one matrix on one batch, say. What it
measures depends on nothing but the task and its key, so a run that was killed goes on with the same numbers.
"""

import hashlib
import math
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.importance.settings import Settings
from ecoflap.masking import MaskedModel, Ranked
from ecoflap.replay import Replay
from ecoflap.types import Layer

# What was measured: key of a unit -> its numbers.
Values = Mapping[str, Sequence[float]]


@dataclass
class Task:
    """A dense model and what to measure on it.

    Attributes:
        layers: what to score, in execution order.
        linears: their modules by name.
        blocks: the layers' blocks by name.
        loss: batch -> mean loss over its answer tokens.
        batches: the calibration batches.
        settings: what the user chose.
        losses: batch -> (summed loss, answer tokens) per sample, each (samples,); for methods that pair samples.
        masked: the same layers' masks, for methods that prune.
        ranked: the ranks by which they prune.
    """

    layers: Sequence[Layer]
    linears: Mapping[str, nn.Linear]
    blocks: Mapping[str, nn.Module]
    loss: Callable[[Any], torch.Tensor]
    batches: Sequence[Any]
    settings: Settings = field(default_factory=Settings)
    losses: Callable[[Any], tuple[torch.Tensor, torch.Tensor]] | None = None
    masked: MaskedModel | None = None
    ranked: Mapping[str, Ranked] | None = None

    def __post_init__(self) -> None:
        # Batches too large to replay, by number.
        self.whole_passes: set[int] = set()
        self._number: int | None = None
        self._replay: Replay | None = None

    def replay(self, number: int, run: Callable[[Any], Any] | None = None) -> Replay:
        """The passes of batch `number` from any block on; asked for while the weights are dense.

        One batch's outputs are kept at a time.

        Args:
            number: of the batch.
            run: what a pass computes on the batch; by default its loss. One method uses one and the same.
        """
        if self._number != number:
            self.close()
            blocks = self.blocks if self.settings.replay_bytes else {}
            with torch.no_grad():
                kept = partial(run or self.loss, self.batches[number])
                self._replay = Replay(blocks, kept, self.settings.replay_bytes)
            self._number = number
            if not self._replay.fits:
                self.whole_passes.add(number)
        return self._replay

    def close(self) -> None:
        """Free what is kept of the last batch."""
        self._number = self._replay = None

    def passes_from(self, block: str) -> float:
        """Length of a pass that starts at `block`, in blocks: the cost of a unit next to others."""
        names = list(self.blocks)
        return float(len(names) - names.index(block)) if block in self.blocks else 1.0


@dataclass(frozen=True)
class Unit:
    """One piece of work: `measure` gives the numbers that are journalled under `key`; `cost` is relative."""

    key: str
    measure: Callable[[], list[float]]
    cost: float = 1.0


@dataclass(frozen=True)
class Method:
    """A way to measure importance from the global loss.

    Attributes:
        name: what the command line and bundles call it.
        title: what people read.
        link: the paper.
        units: the units of a task, in the order in which they run, as far as the values known so far decide them: asked
            again when all are measured, until there is nothing new.
        layers: the task's layers with what their units' values say.
        forwards_only: whether units run forwards only, so that half-precision models can be computed in float32.
        prunes: whether units need the ranks by which weights are pruned.
    """

    name: str
    title: str
    link: str
    units: Callable[[Task, Values], list[Unit]]
    layers: Callable[[Task, Values], tuple[Layer, ...]]
    forwards_only: bool = True
    prunes: bool = False


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


def measure(
    method: Method,
    task: Task,
    journal: MutableMapping[str, list[float]] | None = None,
    hold: Callable[[], AbstractContextManager] = nullcontext,
    progress: Progress | None = None,
) -> tuple[Layer, ...]:
    """Measure all units that the journal lacks, and summarise.

    Args:
        method: how to score.
        task: what to score; its weights are the same afterwards, bit for bit.
        journal: key -> values of units measured before; every new one is put in as soon as it is known.
        hold: a context around every unit, in which nobody else changes or runs the model.
        progress: told after every unit; returning False cancels.

    Raises:
        EcoflapError: a measured value is not a finite number.
        Cancelled: `progress` said so.
    """
    known = {} if journal is None else journal
    clock = _Clock()
    try:
        _tell(progress, clock.step(method.units(task, known), known))
        while True:
            units = method.units(task, known)
            todo = [unit for unit in units if unit.key not in known]
            if not todo:
                return method.layers(task, known)
            for unit in todo:
                with hold():
                    values = unit.measure()
                if not all(map(math.isfinite, values)):
                    raise EcoflapError("loss_not_finite", unit=unit.key)
                known[unit.key] = values
                clock.spent += unit.cost
                _tell(progress, clock.step(units, known))
    finally:
        task.close()


class _Clock:
    """Estimates the time to the end from the cost of what this run has measured."""

    def __init__(self) -> None:
        self._began, self.spent = time.monotonic(), 0.0

    def step(self, units: Sequence[Unit], known: Values) -> Step:
        """How far the run is."""
        left = [unit.cost for unit in units if unit.key not in known]
        pace = (time.monotonic() - self._began) / self.spent if self.spent else math.nan
        return Step(len(units) - len(left), len(units), pace * sum(left))


def _tell(progress: Progress | None, step: Step) -> None:
    """Report a step; raise where the answer is to stop."""
    if progress is not None and progress(step) is False:
        raise Cancelled


def key(batch: int, name: str) -> str:
    """Key of the unit that measures `name`, a layer or a block, on batch number `batch`."""
    return f"{batch}/{name}"


def by_block(layers: Sequence[Layer]) -> dict[str, list[Layer]]:
    """The layers of every block, in order of first appearance."""
    blocks: dict[str, list[Layer]] = {}
    for layer in layers:
        blocks.setdefault(layer.block, []).append(layer)
    return blocks


def seed_of(seed: int, name: str, batch: int) -> int:
    """Seed of a layer's draws on a batch: it does not depend on which other layers or batches are scored."""
    digest = hashlib.sha256(f"{seed}/{name}/{batch}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
