"""A sweep that the page or the API asks for: within bounds, and its points kept for whoever wants the same ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecoflap.errors import EcoflapError
from ecoflap.ui.wishes import source_of, whole

if TYPE_CHECKING:
    from ecoflap.data.samples import Samples
    from ecoflap.evaluation import Metric
    from ecoflap.sweep import Sweep, SweepPoint, SweepStep

# The kind of this work, among a person's and in front of the model.
SWEEP = "sweep"
# Questions and points of one sweep, and of a stranger's; the command line takes more.
MOST_QUESTIONS, MOST_POINTS = 1000, 100
STRANGERS_QUESTIONS, STRANGERS_POINTS = 200, 20
# Told the points so far and how far the next one is.
Told = Callable[[Sequence["SweepPoint"], "SweepStep"], None]


@dataclass(frozen=True)
class Wish:
    """What to measure on how many questions, chosen by which seed, from where (empty: its own)."""

    sweep: "Sweep"
    questions: int
    eval_seed: int
    data: str = ""


def bounds(free: bool) -> dict[str, int]:
    """Most questions and most points of a sweep; fewer where strangers may ask."""
    questions, points = (MOST_QUESTIONS, MOST_POINTS) if free else (STRANGERS_QUESTIONS, STRANGERS_POINTS)
    return {"questions": questions, "points": points}


def check(host: Any, wish: Wish) -> None:
    """Raise where a sweep cannot be, is too large, or names what a stranger may not."""
    most, count = bounds(host.free), len(wish.sweep.recipes())
    if count > most["points"]:
        raise EcoflapError("sweep_api_large", count=count, most=most["points"])
    whole("questions", wish.questions, 1, most["questions"])
    whole("eval_seed", wish.eval_seed, 0, 2**31 - 1)
    source_of(host, wish.data)


def evaluation_set(host: Any, wish: Wish) -> tuple["Samples", "Metric"]:
    """The questions, and how their answers are marked.

    Raises:
        EcoflapError: the model could not be loaded, or there are no questions for it.
    """
    from ecoflap.data.registry import DEMO, check_source, samples_for
    from ecoflap.evaluation import metric_for

    explorer, data = host.explorer, source_of(host, wish.data)
    model = explorer.wait().model
    if data is None and not explorer.is_demo and explorer.calibration != DEMO:
        raise EcoflapError("evaluation_missing", model=explorer.name)
    check_source(data)
    facts = {"asks": model.asks, "labels": model.labels}
    found = samples_for(explorer.spec, data or DEMO, wish.questions, wish.eval_seed, "evaluation", **facts)
    return found, metric_for(None, found.samples, found.captions)


def swept(host: Any, wish: Wish, found: "Samples", metric: "Metric", told: Told) -> list["SweepPoint"]:
    """All points, the dense model's first; those that were measured before are not measured again.

    Raises:
        EcoflapError: a recipe that cannot be.
        Cancelled: `told` raised it.
    """
    from ecoflap.sweep import measure

    points: list[SweepPoint] = []
    for _, recipe in wish.sweep.recipes():
        host.explorer.check_scored(recipe)
    for point in measure(host.explorer, wish.sweep, found, metric, host.swept, lambda step: told(points, step)):
        host.keep(point)
        points.append(point)
    return points
