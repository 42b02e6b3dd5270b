"""How well a model answers at a recipe: a metric with intervals, per question type, and the loss."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecoflap.accuracy import Mean, Share, by_kind, exact_match, mean, share
from ecoflap.answering import Answering, Progress, Questions
from ecoflap.errors import EcoflapError, find
from ecoflap.types import Allocation, Recipe, Sample
from ecoflap.vqa_accuracy import PEOPLE, vqa_accuracy

if TYPE_CHECKING:
    from ecoflap.engine import Engine


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


def evaluate(
    engine: "Engine",
    questions: Questions,
    allocation: Allocation | None,
    recipe: Recipe,
    progress: Progress | None = None,
    metric: Metric = METRICS[0],
) -> Point:
    """Answer every question with the model in the state of `allocation` (None is dense).

    The model is held for one batch at a time, or for as long as it writes the answers of a bounded number of questions
    that it has read, so others wait for one of these at most.

    Raises:
        Cancelled: `progress`, told (questions done, questions in all), returned False.
    """
    asked = Answering(engine, questions, allocation, recipe, progress)
    achieved = allocation.achieved if allocation is not None else 0.0
    if metric.mark is None:
        asked.measure()
        return Point(recipe.target, achieved, None, {}, asked.loss / asked.tokens)
    asked.answer()
    marks = tuple(metric.mark(text, sample) for text, sample in zip(asked.said, questions.samples))
    kinds = by_kind(marks, [sample.kind or "all" for sample in questions.samples], metric.summary)
    loss = asked.loss / asked.tokens
    return Point(recipe.target, achieved, metric.summary(marks), kinds, loss, marks, tuple(asked.said))
