"""The command that measures how well a model answers: evaluate."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from ecoflap.cli.asking import calibrate
from ecoflap.cli.loading import LOADING, opened, with_loading
from ecoflap.cli.options import Calibration, FormatOption, Model, Scores, option, with_recipe
from ecoflap.cli.output import Format, bar, show
from ecoflap.command import stderr
from ecoflap.errors import EcoflapError, find
from ecoflap.explorer import Explorer
from ecoflap.formats.tables import Table, fitted
from ecoflap.texts import say
from ecoflap.types import Loading, Recipe, Sample, ScoreBundle
from ecoflap.types.answer import check_choice

if TYPE_CHECKING:
    from ecoflap.data.samples import Samples
    from ecoflap.evaluation import Metric, Point

# Targets where none is given.
TARGETS = (0.0, 0.3, 0.5, 0.7, 0.95)
# What the table of each metric says over it.
TITLES = {"exact": "cli.evaluate.exact", "vqa": "cli.evaluate.vqa", "loss": "cli.evaluate.loss"}


@with_recipe(
    "max_sparsity",
    "cap_margin",
    "allocator",
    "granularity",
    "aggregate",
    "modalities",
    "pruner",
    "scope",
    "rounding",
    "pattern",
    "calibration_mode",
    "overrides",
)
@with_loading
def evaluate(
    recipe: Recipe,
    model: Model = "demo",
    target: Annotated[list[float] | None, option("target", "targets")] = None,
    questions: Annotated[int, option("questions")] = 1000,
    seed: Annotated[int, option("seed", "eval-seed")] = 0,
    data: Annotated[str | None, option("data")] = None,
    metric: Annotated[str | None, option("metric")] = None,
    scores: Scores = None,
    calibration: Calibration = None,
    loading: Loading = LOADING,
    form: FormatOption = Format.TABLE,
) -> None:
    usual = [value for value in TARGETS if recipe.max_sparsity is None or value <= recipe.max_sparsity]
    # Without --target only a recipe's file or its pattern give one.
    given = target or ([recipe.target] if recipe.target or isinstance(recipe.overrides, Table) else None)
    targets = given or usual
    recipes = [replace(recipe, target=value) for value in targets]
    ask = evaluation_set(model, data, metric, questions, seed, calibration)
    explorer = opened(model, scores, loading, calibration)
    found, marked = ask(explorer)
    recipes = [fitted(chosen, explorer.scored(chosen).layers) for chosen in recipes]
    if not given and recipe.overrides:
        recipes = _possible(explorer.scored(recipe), recipe, targets)
    points = _points(explorer, found.samples, recipes, marked)
    document = {"model": model, "data": found.name, "metric": marked.name}
    title = say(TITLES[marked.name], count=f"{len(found.samples):,}", data=found.name)
    title += "\n" + say("cli.evaluate.captions") if found.captions else ""
    show(document | {"points": [point.to_json() for point in points]}, form, title, list(map(_row, points)))


def evaluation_set(
    model: str, data: str | None, metric: str | None, questions: int, seed: int, calibration: str | None
) -> "Callable[[Explorer], tuple[Samples, Metric]]":
    """What gives the questions and how answers are marked once the model is loaded; what cannot be is said before.

    Raises:
        EcoflapError: there is no such source, metric or number of questions.
    """
    from ecoflap.data.registry import check_source, samples_for
    from ecoflap.evaluation import METRICS, metric_for

    if data is None and model != "demo" and calibration != "demo":
        raise EcoflapError("evaluation_missing", model=model)
    check_source(data)
    check_choice(questions, seed)
    if metric is not None:
        find("metric", metric, METRICS)

    def ask(explorer: Explorer) -> "tuple[Samples, Metric]":
        loaded = explorer.wait().model
        facts = {"asks": loaded.asks, "labels": loaded.labels}
        found = samples_for(model, data or "demo", questions, seed, "evaluation", **facts)
        for note in found.notes:
            stderr.print(note, markup=False)
        return found, metric_for(metric, found.samples, found.captions)

    return ask


def _possible(bundle: ScoreBundle, recipe: Recipe, targets: Sequence[float]) -> list[Recipe]:
    """The recipe at the targets that what is fixed by hand leaves a solution at; where none, at all, for the error."""
    import numpy as np

    from ecoflap.allocation import Plan

    there = ~np.isnan(Plan(bundle, recipe).table(targets)).any(axis=1)
    return [replace(recipe, target=target) for target, can in zip(targets, there) if can or not there.any()]


def _points(
    explorer: Explorer, samples: Sequence[Sample], recipes: Sequence[Recipe], metric: "Metric"
) -> "list[Point]":
    """A point for every recipe, with a bar of the questions."""
    from ecoflap.evaluation import Questions
    from ecoflap.evaluation import evaluate as measure

    points, questions = [], Questions(samples)
    with bar() as progress:
        for recipe in recipes:
            allocation = explorer.allocate(recipe)
            calibrate(progress, explorer, recipe)
            task = progress.add_task(f"{recipe.target:.0%}", total=len(samples))
            tell = lambda done, total, task=task: progress.update(task, completed=done)  # noqa: E731
            points.append(measure(explorer.wait(), questions, allocation, recipe, tell, metric))
    return points


def _row(point: "Point") -> dict[str, object]:
    """The point's line of the table."""
    row: dict[str, object] = {"target": point.target, "achieved": point.achieved}
    if point.overall is not None:
        low, high = point.overall.interval
        row |= {"accuracy": point.overall.value, "interval": f"{low:.3f} to {high:.3f}"}
    return row | {kind: part.value for kind, part in point.by_type.items()} | {"loss": point.loss}


COMMANDS = (evaluate,)
