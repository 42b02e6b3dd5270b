"""The contract of every way to score: units of work that can stop and go on anywhere, then one summary.

A unit is the smallest piece that is measured, journalled and can be waited for: one matrix on one batch, say. What it
measures depends on nothing but the task and its key, so a run that was killed goes on with the same numbers.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn

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
        norms: input norms of every layer, (cols,) float32; for methods that are calibrated.
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
    norms: Mapping[str, torch.Tensor] | None = None

    def __post_init__(self) -> None:
        # Batches too large to replay, by number.
        self.whole_passes: set[int] = set()
        # Of which batch in which state the replay is.
        self._of: tuple[int, str] | None = None
        self._replay: Replay | None = None

    def replay(self, number: int, run: Callable[[Any], Any] | None = None, state: str = "") -> Replay:
        """The passes of batch `number` from any block on; asked for while the weights are in `state`.

        One batch's outputs are kept at a time.

        Args:
            number: of the batch.
            run: what a pass computes on the batch; by default its loss. One method uses one and the same.
            state: name of what the weights are; by default dense.
        """
        if self._of != (number, state):
            self.close()
            with torch.no_grad():
                self._replay = self._new_replay(partial(run or self.loss, self.batches[number]))
            self._of = number, state
            if not self._replay.fits:
                self.whole_passes.add(number)
        return self._replay

    def _new_replay(self, run: Callable[[], Any]) -> Replay:
        """A replay within the bound; with nothing kept where memory ends before the bound does."""
        if not self.settings.replay_bytes:
            return Replay({}, run)
        with suppress(torch.OutOfMemoryError):
            return Replay(self.blocks, run, self.settings.replay_bytes)
        return Replay(self.blocks, run, 0)

    def close(self) -> None:
        """Free what is kept of the last batch."""
        self._of = self._replay = None

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
        layers: the task's layers with what the values known so far say, None for a layer of which they say nothing yet;
            asked by others too while units are measured.
        forwards_only: whether units run forwards only, so that half-precision models can be computed in float32.
        prunes: whether units need the ranks by which weights are pruned.
        calibrated: whether units need the input norms.
        one_by_one: whether a batch must be one sample, because padding would count.
        undecided: cost of the units that values not yet known may still add, at most.
        forwards: block forwards on one batch that a cost of 1 stands for.
    """

    name: str
    title: str
    link: str
    units: Callable[[Task, Values], list[Unit]]
    layers: Callable[[Task, Values], tuple[Layer | None, ...]]
    forwards_only: bool = True
    prunes: bool = False
    calibrated: bool = False
    one_by_one: bool = False
    undecided: Callable[[Task, Values], float] = lambda task, values: 0.0
    forwards: Callable[[Task], float] = lambda task: 1.0

    def batch_size(self, settings: Settings) -> int:
        """Samples per batch."""
        return 1 if self.one_by_one else settings.batch_size

    def cost(self, task: Task) -> tuple[int, float]:
        """(units, block forwards) of a whole run, at most; nothing is run and the batches are not looked at."""
        units = self.units(task, {})
        total = sum(unit.cost for unit in units) + self.undecided(task, {})
        return len(units), total * self.forwards(task)


def whole(number: int) -> str:
    """Key under which it is noted that batch `number` ran whole passes."""
    return f"whole/{number}"


def key(batch: int, name: str) -> str:
    """Key of the unit that measures `name`, a layer or a block, on batch number `batch`."""
    return f"{batch}/{name}"


def batch_of(key: str) -> str:
    """The batch of the unit with this key; units of one batch share its replay."""
    return key.split("/", 1)[0]


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
