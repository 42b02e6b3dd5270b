"""What broke an answer: every block restored to dense, alone, and how much of the answer's loss that wins back.

Every loss is that of the dense answer's tokens. What one block wins back says how much of the damage goes away without
its pruning; blocks depend on each other, so these shares do not add up to one. The pruned model's pass is recorded
once, and restoring a block runs the model from that block on (`ecoflap.replay`): the same losses as whole passes.
"""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from ecoflap.asking import sample_of
from ecoflap.breaking import Reply, reply
from ecoflap.errors import EcoflapError
from ecoflap.importance.settings import REPLAY_BYTES
from ecoflap.importance.task import by_block
from ecoflap.masking import Ranked
from ecoflap.replay import Replay
from ecoflap.types import Answer, Recipe

# A smaller rise of the loss, in nats per token, is rounding: nothing to blame anybody for.
LEAST_RISE = 1e-3
# So many of the blocks that win back most are restored once more, to hear what the model says then.
HEARD = 3


@dataclass(frozen=True)
class Blame:
    """What is known of why an answer changed.

    Attributes:
        dense: the dense model's answer.
        pruned: the pruned model's answer.
        dense_loss: mean loss of the dense answer's tokens under the dense model, in nats.
        pruned_loss: the same under the pruned model.
        losses: the same with one block restored, by block, as far as it is measured; without those of no finite loss.
        heard: what is answered with one block restored, by block; nothing where the pruned answer is not wrong.
        blocks: how many there are to restore.
        left: steps still to be taken.
        seconds: that these will take; None before the first one.
    """

    dense: str
    pruned: Reply
    dense_loss: float
    pruned_loss: float
    losses: Mapping[str, float]
    heard: Mapping[str, Reply]
    blocks: int
    left: int = 0
    seconds: float | None = None

    @property
    def rise(self) -> float:
        """By how much pruning raised the loss."""
        return self.pruned_loss - self.dense_loss

    @property
    def shares(self) -> dict[str, float]:
        """Share of the rise that each block wins back, alone, the largest first; empty where nothing rose."""
        if self.rise < LEAST_RISE:
            return {}
        found = {block: (self.pruned_loss - loss) / self.rise for block, loss in self.losses.items()}
        return dict(sorted(found.items(), key=lambda item: -item[1]))


def restore(
    explorer: Any, image: Any, question: str, recipe: Recipe, most_bytes: float = REPLAY_BYTES
) -> Iterator[Blame]:
    """What is known after every block; the last state is the complete one.

    The model is held for one block at a time, and is in nobody's state between two.

    Args:
        explorer: the model.
        image: the picture; None for a model that reads text alone.
        question: as for `Explorer.ask`.
        recipe: prunes the model.
        most_bytes: memory for the recorded pass; what needs more runs whole passes: slower, the same losses.

    Raises:
        EcoflapError: a question that cannot be asked, a recipe that cannot be, a model that is gone, or a loss that is
            no finite number.
    """
    explorer.check_scored(recipe)
    restorer = _Restorer(explorer, image, question, recipe)
    blame = restorer.begin(most_bytes)
    began = time.perf_counter()
    blocks = restorer.blocks if blame.rise >= LEAST_RISE else []
    for done, block in enumerate(blocks, 1):
        loss = restorer.loss_with(block)
        if math.isfinite(loss):
            blame = replace(blame, losses={**blame.losses, block: loss})
        yield _timed(blame, began, done, len(blocks) - done + HEARD)
    best = [] if blame.pruned.same else list(blame.shares)[:HEARD]
    for done, block in enumerate(best, 1):
        blame = replace(blame, heard={**blame.heard, block: restorer.heard_with(block)})
        yield _timed(blame, began, len(blocks) + done, len(best) - done)
    yield replace(blame, left=0, seconds=0.0)


def _timed(blame: Blame, began: float, done: int, left: int) -> Blame:
    """With an estimate: what is left takes as long a step as what is done."""
    return replace(blame, left=left, seconds=(time.perf_counter() - began) / done * left)


class _Restorer:
    """One question to a pruned model of which one block at a time is whole."""

    def __init__(self, explorer: Any, image: Any, question: str, recipe: Recipe) -> None:
        self._engine = explorer.wait()
        allocation = explorer.allocate(recipe)
        self._dense: Answer = explorer.dense(image, question)
        self._sample = replace(sample_of(explorer.described.kind, image, question), answer=self._dense.text)
        # The ranks of this very recipe: a sequential calibration of the restored one would prune other weights.
        self._ranked: Mapping[str, Ranked] = self._engine.ranked_for(allocation, recipe)
        self._kept = {layer.name: kept for layer, kept in zip(allocation.layers, allocation.kept)}
        pruned = [layer for layer, kept in zip(allocation.layers, allocation.kept) if kept < layer.size]
        self._members = {block: [layer.name for layer in layers] for block, layers in by_block(pruned).items()}

    @property
    def blocks(self) -> list[str]:
        """Names of the blocks that lose weights."""
        return list(self._members)

    def begin(self, most_bytes: float) -> Blame:
        """What is known before any block is restored; the pruned pass is recorded."""
        with self._engine.state(None) as model, torch.inference_mode():
            batch = model.encode([self._sample])
            dense_loss = float(model.loss(batch))
        with self._weights() as model:
            self._replay = _recorded(model.blocks, partial(model.loss, batch), most_bytes)
            pruned = reply(model, self._sample, self._dense)
        pruned_loss = float(self._replay.result)
        if not math.isfinite(dense_loss) or not math.isfinite(pruned_loss):
            raise EcoflapError("blame_not_finite", dense=dense_loss, pruned=pruned_loss)
        return Blame(self._dense.text, pruned, dense_loss, pruned_loss, {}, {}, len(self.blocks))

    def loss_with(self, block: str) -> float:
        """Mean loss of the dense answer with `block` restored."""
        with self._weights(block):
            return float(self._replay.start(block))

    def heard_with(self, block: str) -> Reply:
        """What is answered with `block` restored."""
        with self._weights(block) as model:
            return reply(model, self._sample, self._dense)

    @contextmanager
    def _weights(self, whole: str | None = None) -> Iterator[Any]:
        """The pruned model, the block `whole` dense; nobody else changes it inside the context."""
        spared = self._members.get(whole, ())
        kept = {name: count for name, count in self._kept.items() if name not in spared}
        with self._engine.held():
            self._engine.masked.apply(kept, self._ranked)
            with torch.inference_mode():
                yield self._engine.model


def _recorded(blocks: Mapping[str, Any], run: Any, most_bytes: float) -> Replay:
    """A replay within the bound; with nothing kept where memory ends before the bound does."""
    with suppress(torch.OutOfMemoryError):
        return Replay(blocks, run, most_bytes)
    return Replay(blocks, run, 0)
