"""Breaking point: the same question at a ladder of sparsities, and to 1% the place where the answer first changes.

"Right" here means: the words of the dense model. Whether these are true is another matter, and one question is no
accuracy. An answer that was lost may come back at a higher sparsity, so every rung is measured and reported; only the
first change is narrowed down.
"""

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from ecoflap.accuracy import same_words
from ecoflap.asking import sample_of
from ecoflap.errors import EcoflapError
from ecoflap.types import Allocation, Answer, Recipe, Sample

# The rungs that every ladder has, in per cent.
PERCENTS = tuple(range(0, 91, 10))
# Below this summed loss, in nats, every token of the dense answer has more than half of the probability: greedy
# decoding gives that answer, and need not run. exp(-0.6) = 0.55; the rest is room for rounding.
CERTAIN = 0.6
# Tokens that an answer may have beyond those of the dense one, and at least in all: what is longer is wrong anyway.
ROOM, LEAST = 4, 12


@dataclass(frozen=True)
class Reply:
    """A pruned model's answer beside the dense one.

    Attributes:
        answer: what it says.
        same: whether these are the dense answer's words.
        cut: whether it went on beyond what could still be the same.
    """

    answer: str
    same: bool
    cut: bool


@dataclass(frozen=True)
class Rung:
    """What the model says at one sparsity.

    Attributes:
        percent: the target.
        answer: what it says; None where the recipe cannot be at this target.
        same: whether these are the dense answer's words.
        loss: mean loss of the dense answer's tokens, in nats; None where it is no finite number.
        cut: whether the answer went on beyond what could still be the same.
        problem: why there is no answer.
    """

    percent: int
    answer: str | None = None
    same: bool | None = None
    loss: float | None = None
    cut: bool = False
    problem: EcoflapError | None = None


@dataclass(frozen=True)
class Strip:
    """One allocator's rungs, by sparsity, as far as they are measured."""

    allocator: str
    rungs: tuple[Rung, ...] = ()

    @property
    def wrong_from(self) -> int | None:
        """The lowest measured sparsity with another answer than the dense one."""
        return next((rung.percent for rung in self.rungs if rung.same is False), None)

    @property
    def right_to(self) -> int | None:
        """The highest sparsity below `wrong_from` that is measured and right; None where there is none."""
        end = math.inf if self.wrong_from is None else self.wrong_from
        return max((rung.percent for rung in self.rungs if rung.same and rung.percent < end), default=None)

    @property
    def back(self) -> tuple[int, ...]:
        """Sparsities above `wrong_from` at which the dense answer is there again."""
        start = math.inf if self.wrong_from is None else self.wrong_from
        return tuple(rung.percent for rung in self.rungs if rung.same and rung.percent > start)

    @property
    def between(self) -> int | None:
        """The sparsity to measure next in order to narrow the first change down; None where it is known to 1%."""
        low, high = self.right_to, self.wrong_from
        if low is None or high is None or high - low < 2:
            return None
        known = any(low < rung.percent < high for rung in self.rungs)  # one that cannot be
        return None if known else (low + high) // 2

    def plus(self, rung: Rung) -> "Strip":
        """The strip with one rung more."""
        return replace(self, rungs=tuple(sorted((*self.rungs, rung), key=lambda other: other.percent)))

    def left(self, percents: Sequence[int]) -> int:
        """How many rungs are still to be measured, at most."""
        known = {rung.percent for rung in self.rungs}
        open_rungs = sum(percent not in known for percent in percents)
        if open_rungs:
            return open_rungs + math.ceil(math.log2(max((b - a for a, b in itertools.pairwise(percents)), default=1)))
        return 0 if self.between is None else math.ceil(math.log2(self.wrong_from - self.right_to))


@dataclass(frozen=True)
class Ladder:
    """One question under several allocators, as far as it is measured.

    Attributes:
        dense: the dense model's answer.
        strips: one per allocator.
        left: rungs still to be measured, at most.
        seconds: that these will take; None before the first one.
    """

    dense: str
    strips: tuple[Strip, ...]
    left: int
    seconds: float | None


class _Enough(Exception):
    """An answer is longer than one that could still be the same."""


def reply(model: Any, sample: Sample, dense: Answer) -> Reply:
    """What `model`, as it is now, answers; it is stopped once that can no longer be the dense answer."""
    most, heard = max(LEAST, len(dense.tokens) + ROOM), dense

    def hear(answer: Answer) -> None:
        nonlocal heard
        heard = answer
        if len(answer.tokens) >= most:
            raise _Enough

    try:
        answer = model.answer_aloud(sample, hear)
    except _Enough:
        return Reply(heard.text, False, True)
    return Reply(answer.text, same_words(answer.text, dense.text), False)


def climb(
    explorer: Any,
    image: Any,
    question: str,
    recipe: Recipe,
    allocators: Sequence[str],
    percents: Sequence[int] = PERCENTS,
) -> Iterator[Ladder]:
    """The ladder after every rung; the last state is the complete one.

    The model is held for one rung at a time. No allocation is asked twice, the dense one not even once.

    Args:
        explorer: the model.
        image: the picture; None for a model that reads text alone.
        question: as for `Explorer.ask`.
        recipe: all knobs but target and allocator.
        allocators: their names.
        percents: the rungs, rising.

    Raises:
        EcoflapError: a question that cannot be asked, a pattern (which fixes the sparsity), or a model that is gone.
    """
    if recipe.fixed:
        raise EcoflapError("ladder_pattern", pattern=recipe.pattern)
    for name in allocators:
        explorer.check_scored(replace(recipe, allocator=name))
    asker = Asker(explorer, image, question)
    strips = {name: Strip(name) for name in allocators}
    began = time.perf_counter()
    for done, (name, percent) in enumerate(_order(strips, percents), 1):
        strips[name] = strips[name].plus(asker.rung(replace(recipe, allocator=name), percent))
        left = sum(strip.left(percents) for strip in strips.values())
        seconds = (time.perf_counter() - began) / done * left
        yield Ladder(asker.dense.text, tuple(strips.values()), left, seconds)


def _order(strips: dict[str, Strip], percents: Sequence[int]) -> Iterator[tuple[str, int]]:
    """(allocator, sparsity) of what to measure next, strip by strip; `strips` is read as it grows."""
    for name in strips:
        yield from ((name, percent) for percent in percents)
        while (percent := strips[name].between) is not None:
            yield name, percent


class Asker:
    """One question, put to the pruned model again and again, and how it does against the dense answer.

    Attributes:
        dense: the dense answer.
    """

    def __init__(self, explorer: Any, image: Any, question: str) -> None:
        self._explorer, self._engine = explorer, explorer.wait()
        self.dense = explorer.dense(image, question)
        self._sample = replace(sample_of(explorer.described.kind, image, question), answer=self.dense.text)
        with self._engine.state(None) as model, torch.inference_mode():
            self._batch = model.encode([self._sample])
            self._plain = _is_plain(model)
            loss, _ = self._losses(model)
        # What is known, by the weights kept in every layer; None is dense.
        self._known: dict[Any, Rung] = {None: Rung(0, self.dense.text, True, loss)}

    def rung(self, recipe: Recipe, percent: int) -> Rung:
        """What is said at `percent`; a rung with its problem where cap or locks make that target impossible."""
        try:
            recipe = replace(recipe, target=percent / 100)
            allocation = self._explorer.allocate(recipe)
        except EcoflapError as problem:
            return Rung(percent, problem=problem)
        key = None if allocation.total_kept == allocation.total else allocation.kept
        if key not in self._known:
            self._known[key] = self._asked(allocation, recipe)
        return replace(self._known[key], percent=percent)

    def _asked(self, allocation: Allocation, recipe: Recipe) -> Rung:
        """One forward for the loss; decoding only where that does not settle the answer."""
        with self._engine.state(allocation, recipe) as model, torch.inference_mode():
            loss, total = self._losses(model)
            if self._plain and total < CERTAIN:
                return Rung(0, self.dense.text, True, loss)
            return Rung(0, **asdict(reply(model, self._sample, self.dense)), loss=loss)

    def _losses(self, model: Any) -> tuple[float | None, float]:
        """(mean, sum) of the dense answer's loss over its tokens; no mean where the sum is no finite number."""
        totals, counts = model.losses(self._batch)
        total = float(totals[0])
        return total / float(counts[0]) if math.isfinite(total) else None, total


def _is_plain(model: Any) -> bool:
    """Whether a token's probability alone decides: some models' settings weigh down words that were said before."""
    settings = getattr(model.module, "generation_config", None)
    return getattr(settings, "repetition_penalty", None) in (None, 1.0)
