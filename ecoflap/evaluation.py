"""How well a model answers at a recipe: exact match with intervals, per question type, and the loss."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ecoflap.accuracy import Share, by_kind, exact_match, share
from ecoflap.errors import Cancelled
from ecoflap.types import Allocation, Recipe, Sample

if TYPE_CHECKING:
    from ecoflap.engine import Engine

BATCH = 64
Progress = Callable[[int, int], bool | None]


@dataclass(frozen=True)
class Point:
    """Accuracy and loss at one recipe, and per question, in the order of the samples, whether its answer is right."""

    target: float
    achieved: float
    overall: Share
    by_type: dict[str, Share]
    loss: float
    marks: tuple[bool, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The point of `ecoflap evaluate --format json`."""
        head = {"target": self.target, "achieved": self.achieved}
        kinds = {kind: part.to_json() for kind, part in self.by_type.items()}
        return head | self.overall.to_json() | {"by_type": kinds, "loss": self.loss}


def in_batches(samples: Sequence[Sample]) -> list[list[int]]:
    """Indices in batches of similar lengths, so that little is padding."""
    order = sorted(range(len(samples)), key=lambda i: (len(samples[i].answer), len(samples[i].question)))
    return [order[i : i + BATCH] for i in range(0, len(order), BATCH)]


def evaluate(
    engine: "Engine",
    samples: Sequence[Sample],
    allocation: Allocation | None,
    recipe: Recipe,
    progress: Progress | None = None,
) -> Point:
    """Answer every question with the model in the state of `allocation` (None is dense).

    The model is held for one batch at a time, so others wait for one batch at most.

    Raises:
        Cancelled: `progress`, told (questions done, questions in all), returned False.
    """
    marks, loss, tokens, done = [False] * len(samples), 0.0, 0, 0
    for batch in in_batches(samples):
        chosen = [samples[i] for i in batch]
        with engine.state(allocation, recipe) as model, torch.inference_mode():
            answers = model.answer(chosen)
            encoded = model.encode(chosen)
            count = int((encoded["labels"] >= 0).sum())
            loss, tokens = loss + float(model.loss(encoded)) * count, tokens + count
        for i, answer in zip(batch, answers):
            marks[i] = exact_match(answer.text, samples[i].answer)
        done += len(batch)
        if progress is not None and progress(done, len(samples)) is False:
            raise Cancelled
    achieved = allocation.achieved if allocation is not None else 0.0
    kinds = by_kind(marks, [sample.kind or "all" for sample in samples])
    return Point(recipe.target, achieved, share(marks), kinds, loss / tokens, tuple(marks))
