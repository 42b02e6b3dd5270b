"""Many recipes on one evaluation set: allocators x pruners x targets x calibration seeds, one point after another."""

import itertools
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ecoflap import store
from ecoflap.accuracy import same_words
from ecoflap.allocation.registry import find
from ecoflap.errors import EcoflapError
from ecoflap.types import Allocation, Recipe
from ecoflap.types.marks import to_text
from ecoflap.types.recipe import CHOICES

if TYPE_CHECKING:
    from ecoflap.data.samples import Samples
    from ecoflap.evaluation import Metric, Point
    from ecoflap.explorer import Explorer

# What stands in the allocator's and the pruner's place for the model as it is.
DENSE = "dense"
# Most points of one sweep, and most seeds: a slip of the hand is no wish for days of work.
MOST_POINTS, MOST_SEEDS = 10_000, 100


@dataclass(frozen=True)
class Sweep:
    """What is swept; whatever else decides a pruned model is the same in all points.

    Attributes:
        allocators, pruners, targets, seeds: their product is measured, in the order seeds, pruners, targets,
            allocators. Seeds are of the pruner's calibration samples; a pruner without calibration has the first alone.
        recipe: everything else.
    """

    allocators: tuple[str, ...]
    pruners: tuple[str, ...]
    targets: tuple[float, ...]
    seeds: tuple[int, ...] = (0,)
    recipe: Recipe = field(default_factory=lambda: Recipe(target=0.0))

    def __post_init__(self) -> None:
        for name in ("allocators", "pruners", "targets", "seeds"):
            values = getattr(self, name)
            if not values or len(set(map(repr, values))) < len(values):
                raise EcoflapError("sweep_values", name=name, value=", ".join(map(str, values)) or "[]")
        for knob, names in (("allocator", self.allocators), ("pruner", self.pruners)):
            for name in names:
                if not isinstance(name, str):
                    raise EcoflapError("not_a_text", name=knob, value=name)
        for name in self.allocators:
            find(name)
        for name in self.pruners:
            if name not in CHOICES["pruner"]:
                raise EcoflapError("not_a_choice", name="pruner", value=name, choices=", ".join(CHOICES["pruner"]))
        count = len(self.allocators) * len(self.pruners) * len(self.targets) * len(self.seeds)
        if count > MOST_POINTS or len(self.seeds) > MOST_SEEDS:
            raise EcoflapError(
                "sweep_large", count=count, most=MOST_POINTS, seeds=len(self.seeds), most_seeds=MOST_SEEDS
            )

    def recipes(self) -> list[tuple[int, Recipe]]:
        """(seed, recipe) of every point, in order.

        Raises:
            EcoflapError: a recipe that cannot be, such as a target above the cap.
        """
        from ecoflap.pruning.registry import find as pruner

        product = itertools.product(self.seeds, self.pruners, self.targets, self.allocators)
        return [
            (seed, replace(self.recipe, allocator=allocator, pruner=name, target=target))
            for seed, name, target, allocator in product
            if seed == self.seeds[0] or pruner(name).calibrated
        ]


@dataclass(frozen=True)
class SweepPoint:
    """One line of a sweep.

    Attributes:
        allocator, pruner: `dense` for the model as it is.
        target, achieved: sparsity over the prunable set.
        seed: of the calibration samples.
        questions: asked.
        correct: the sum of the answers' marks; None where answers are not marked, as captions.
        accuracy, low, high: their mean with its 95% interval.
        loss: mean loss of the expected answers, nats per token.
        agreement: share of the answers that have the same words as the dense model's.
        by_type: accuracy per type of question as a JSON object; empty where answers are not marked.
        seconds: that it took.
        key: of everything that the figures depend on, 16 hex digits.
        marks: of every question in its order (types/marks.py), so that two points can be compared pair by pair.
    """

    allocator: str
    pruner: str
    target: float
    achieved: float
    seed: int
    questions: int
    correct: float | None
    accuracy: float | None
    low: float | None
    high: float | None
    loss: float
    agreement: float | None
    by_type: str
    seconds: float
    key: str
    marks: str


@dataclass(frozen=True)
class SweepStep:
    """How far a sweep is: points, questions of the present one, and estimated seconds to the end (NaN at first)."""

    done: int
    total: int
    asked: int
    questions: int
    left: float


Tell = Callable[[SweepStep], bool | None]


def measure(
    explorer: "Explorer",
    sweep: Sweep,
    found: "Samples",
    metric: "Metric",
    known: Mapping[str, SweepPoint] | None = None,
    tell: Tell | None = None,
) -> Iterator[SweepPoint]:
    """The dense model's point, then every other, each as soon as it is known.

    The model is held for one batch of questions at a time, read or answered, so others wait for one batch at most.

    Args:
        explorer: its model is there.
        sweep: what to measure.
        found: the evaluation set.
        metric: marks the answers.
        known: points of an earlier run by key; they are not measured again.
        tell: told how far it is, batch by batch; False stops.

    Raises:
        EcoflapError: a recipe that cannot be; said before anything is measured.
        Cancelled: `tell` said so.
    """
    yield from Run(explorer, sweep, found, metric, dict(known or {}), tell).points()


class Run:
    """One sweep under way: `todo` has (seed, recipe, allocation) of every point but the dense one, `keys` theirs."""

    def __init__(self, explorer: Any, sweep: Sweep, found: Any, metric: Any, known: dict[str, SweepPoint], tell: Any):
        """Decide what there is to measure; see `measure` for the arguments."""
        from ecoflap.evaluation import Questions

        self.explorer, self.engine, self.known, self.tell = explorer, explorer.wait(), known, tell
        self.found, self.metric, self.questions = found, metric, Questions(found.samples)
        self.todo = [(seed, recipe, explorer.allocate(recipe)) for seed, recipe in sweep.recipes()]
        self.keys = [self._key(*entry) for entry in self.todo]
        self.dense_key = self._key(None, None, None)
        self.missing = sum(key not in known for key in self.keys)
        self.spent, self.measured = 0.0, 0
        self.dense: Point | None = None

    def _key(self, seed: int | None, recipe: Recipe | None, allocation: Allocation | None) -> str:
        """Of model, scores, recipe, samples and questions: whatever a point depends on."""
        rest = None if recipe is None else asdict(recipe)
        kept = None if allocation is None else allocation.kept
        parts = {"model": self.engine.fingerprint, "dtype": str(self.engine.dtype), "source": self.engine.source}
        return store.key(
            kind="sweep",
            **parts,
            seed=seed,
            recipe=rest,
            kept=kept,
            set=self.found.fingerprint,
            metric=self.metric.name,
        )

    def points(self) -> Iterator[SweepPoint]:
        """See `measure`."""
        own = self.engine.seed
        try:
            if self.dense_key in self.known:
                yield self.known[self.dense_key]
            else:
                yield self._point(None, None, None, self.dense_key)
            for entry, key in zip(self.todo, self.keys):
                yield self.known[key] if key in self.known else self._point(*entry, key)
        finally:
            self.engine.calibrate(own)

    def _point(self, seed: int | None, recipe: Recipe | None, allocation: Allocation | None, key: str) -> SweepPoint:
        """Measure a point; the dense model first, whose answers all others are compared with."""
        if recipe is not None and self.dense is None:
            self._evaluate(None, None)
        began = time.monotonic()
        if seed is not None:
            self.engine.calibrate(seed)
        point = self._evaluate(recipe, allocation)
        seconds = time.monotonic() - began
        if recipe is not None:
            self.spent, self.measured = self.spent + seconds, self.measured + 1
        return self.line(seed, recipe, allocation, key, point, seconds)

    def line(
        self,
        seed: int | None,
        recipe: Recipe | None,
        allocation: Allocation | None,
        key: str,
        point: "Point",
        seconds: float,
    ) -> SweepPoint:
        """What is written of a point that was measured in so many seconds, once `dense` is known."""
        names = (recipe.allocator, recipe.pruner) if recipe is not None else (DENSE, DENSE)
        shares = {"target": point.target, "achieved": round(point.achieved, 6), "seed": seed or 0}
        last = {"seconds": round(seconds, 2), "key": key, "marks": to_text(point.marks)}
        return SweepPoint(*names, **shares, **self._figures(point), **last)

    def _evaluate(self, recipe: Recipe | None, allocation: Allocation | None) -> "Point":
        from ecoflap.evaluation import evaluate

        asked = (self.engine, self.questions, allocation, recipe or Recipe(target=0.0))
        point = evaluate(*asked, self._told, self.metric)
        if recipe is None:
            self.dense = point
        return point

    def _told(self, asked: int, questions: int) -> bool | None:
        """Pass on how far it is, with the time left by the mean of the points so far."""
        if self.tell is None:
            return None
        waiting = self.missing - self.measured - asked / questions
        left = waiting * self.spent / self.measured if self.measured else math.nan
        done = len(self.todo) - self.missing + self.measured
        return self.tell(SweepStep(done, len(self.todo), asked, questions, left))

    def _figures(self, point: "Point") -> dict[str, Any]:
        """What is told of a point's answers."""
        low, high = point.overall.interval if point.overall else (None, None)
        shares = {
            "accuracy": point.overall.value if point.overall else None,
            "low": low,
            "high": high,
            "loss": point.loss,
            "agreement": self._agreement(point),
        }
        correct = sum(point.marks) if point.overall else None
        rounded = {name: None if value is None else round(value, 6) for name, value in shares.items()}
        kinds = json.dumps({kind: round(part.value, 6) for kind, part in point.by_type.items()})
        return {"questions": len(self.found.samples), "correct": correct, **rounded, "by_type": kinds}

    def _agreement(self, point: "Point") -> float | None:
        if not point.answers:
            return None
        return sum(map(same_words, point.answers, self.dense.answers)) / len(point.answers)
