"""How well a model answers at a recipe: a metric with intervals, per question type, and the loss."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ecoflap.accuracy import Mean, Share, by_kind, exact_match, mean, share
from ecoflap.errors import Cancelled, EcoflapError, find
from ecoflap.types import Allocation, Recipe, Sample
from ecoflap.vqa_accuracy import PEOPLE, vqa_accuracy

if TYPE_CHECKING:
    from ecoflap.engine import Engine
    from ecoflap.models.base import Batch, VisionLanguageModel

BATCH = 64
# Bytes of encoded samples that are kept.
ROOM = 512 * 2**20
Progress = Callable[[int, int], bool | None]


@dataclass(frozen=True)
class Metric:
    """One way to mark answers.

    Attributes:
        name: exact, vqa or loss.
        mark: an answer's mark, from 0 to 1; None where answers are not looked at.
        summary: what is told of all marks.
    """

    name: str
    mark: Callable[[str, Sample], float] | None
    summary: Callable[[Sequence[Any]], Share | Mean] | None


def _exact(answer: str, sample: Sample) -> bool:
    """Whether the answer is the expected one, or another that is accepted as well."""
    return any(exact_match(answer, accepted) for accepted in (sample.answer, *sample.references))


METRICS = (
    Metric("exact", _exact, share),
    Metric("vqa", lambda answer, sample: vqa_accuracy(answer, sample.references), mean),
    Metric("loss", None, None),
)


def metric_for(name: str | None, samples: Sequence[Sample], captions: bool = False) -> Metric:
    """The metric of a name, or by default the one that fits the samples.

    By default that is VQA accuracy where ten people answered every question, and exact match otherwise. Of captions,
    which no two people write alike, it is the loss alone.

    Raises:
        EcoflapError: no metric of that name, or VQA accuracy without ten answers to every question.
    """
    others = sum(len(sample.references) != PEOPLE for sample in samples)
    if name is None:
        name = "loss" if captions else "exact" if others else "vqa"
    found = find("metric", name, METRICS)
    if found.name == "vqa" and others:
        raise EcoflapError("metric_of_ten", count=others)
    return found


@dataclass(frozen=True)
class Point:
    """Accuracy and loss at one recipe, and every answer and its mark in the order of the samples.

    Of a metric that looks at no answers there are none and no marks, and `overall` is None.
    """

    target: float
    achieved: float
    overall: Share | Mean | None
    by_type: dict[str, Share | Mean]
    loss: float
    marks: tuple[float, ...] = ()
    answers: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The point of `ecoflap evaluate --format json`."""
        head = {"target": self.target, "achieved": self.achieved}
        overall = self.overall.to_json() if self.overall else {"accuracy": None, "interval": None}
        kinds = {kind: part.to_json() for kind, part in self.by_type.items()}
        return head | overall | {"by_type": kinds, "loss": self.loss}


class Questions:
    """The samples of an evaluation, in batches of similar lengths, their tensors kept from point to point."""

    def __init__(self, samples: Sequence[Sample], room: int = ROOM) -> None:
        """Note the batches.

        Args:
            samples: with the answers that they are marked by.
            room: bytes of tensors that are kept; batches beyond that are encoded anew every time.
        """
        self.samples, self._room = samples, room
        order = sorted(range(len(samples)), key=lambda i: (len(samples[i].answer), len(samples[i].question)))
        self.batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        self._kept: dict[int, Batch] = {}

    def encoded(self, model: "VisionLanguageModel", number: int) -> "Batch":
        """The tensors of batch `number`, of one and the same model every time."""
        if number in self._kept:
            return self._kept[number]
        batch = model.encode([self.samples[i] for i in self.batches[number]])
        size = sum(tensor.nbytes for tensor in batch.values() if isinstance(tensor, torch.Tensor))
        if size <= self._room:
            self._room -= size
            self._kept[number] = batch
        return batch


def evaluate(
    engine: "Engine",
    questions: Questions,
    allocation: Allocation | None,
    recipe: Recipe,
    progress: Progress | None = None,
    metric: Metric = METRICS[0],
) -> Point:
    """Answer every question with the model in the state of `allocation` (None is dense).

    The model is held for one batch at a time, so others wait for one batch at most.

    Raises:
        Cancelled: `progress`, told (questions done, questions in all), returned False.
    """
    samples, said, done = questions.samples, [None] * len(questions.samples), 0
    loss, tokens = 0.0, 0.0

    def told(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None and progress(done, len(samples)) is False:
            raise Cancelled

    for number, batch in enumerate(questions.batches):
        with engine.state(allocation, recipe) as model, torch.inference_mode():
            sums, counts, shown = model.foretold(questions.encoded(model, number))
        loss, tokens = loss + float(sums.double().sum()), tokens + float(counts.double().sum())
        for i, text in zip(batch, shown):
            said[i] = text
        told(sum(text is not None or metric.mark is None for text in shown))
    achieved = allocation.achieved if allocation is not None else 0.0
    if metric.mark is None:
        return Point(recipe.target, achieved, None, {}, loss / tokens)
    # Only what the loss does not show is generated.
    waiting = [i for batch in questions.batches for i in batch if said[i] is None]
    for part in (waiting[start : start + BATCH] for start in range(0, len(waiting), BATCH)):
        with engine.state(allocation, recipe) as model:
            for i, answer in zip(part, model.answer([samples[i] for i in part])):
                said[i] = answer.text
        told(len(part))
    marks = tuple(metric.mark(text, sample) for text, sample in zip(said, samples))
    kinds = by_kind(marks, [sample.kind or "all" for sample in samples], metric.summary)
    return Point(recipe.target, achieved, metric.summary(marks), kinds, loss / tokens, marks, tuple(said))
