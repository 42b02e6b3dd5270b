"""Commands that run the model: ask, evaluate, prune."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

from rich.progress import Progress

from ecoflap.cli.options import Calibration, Device, FormatOption, Model, Out, Scores, option, with_recipe
from ecoflap.cli.output import Format, bar, show
from ecoflap.command import stderr
from ecoflap.errors import EcoflapError
from ecoflap.explorer import Explorer, checked_question
from ecoflap.texts import say
from ecoflap.types import Answer, Loading, Recipe

# What `evaluate` measures where no target is given.
TARGETS = (0.0, 0.3, 0.5, 0.7, 0.95)


@with_recipe()
def ask(
    recipe: Recipe,
    image: Annotated[Path, option("image")],
    question: Annotated[str, option("question")],
    model: Model = "demo",
    scores: Scores = None,
    calibration: Calibration = None,
    device: Device = None,
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap.pictures import open_picture

    question, picture = checked_question(question), open_picture(image)
    explorer = Explorer.open(model, scores, Loading(device), calibration, prepare=False)
    with bar() as progress:
        _calibrate(progress, explorer, recipe)
    asked = explorer.ask(picture, question, recipe)
    answers = {"dense": asked.dense, "pruned": asked.pruned}
    achieved = asked.allocation.achieved
    document = {name: answer.text for name, answer in answers.items()} | {"target": recipe.target, "achieved": achieved}
    document |= {"tokens": {name: asdict(answer) for name, answer in answers.items()}, "seconds": asked.seconds}
    rows = [{"model": name, "answer": answer.text, "tokens": _tokens(answer)} for name, answer in answers.items()]
    show(document, form, say("cli.ask.title", question=question, achieved=f"{achieved:.2%}"), rows)


def _calibrate(progress: Progress, explorer: Explorer, recipe: Recipe) -> None:
    """Show how far a sequential calibration is; the engine keeps what it finds. Nothing to do for a dense one."""
    if recipe.calibration == "sequential":
        task = progress.add_task(say("cli.calibrating"), total=None)
        tell = lambda done, total: progress.update(task, completed=done, total=total)  # noqa: E731
        explorer.wait().ranked_for(explorer.allocate(recipe), recipe, tell)
        progress.remove_task(task)


def _tokens(answer: Answer) -> str:
    """The tokens with their probabilities."""
    return " ".join(f"{token} {value:.0%}" for token, value in zip(answer.tokens, answer.probabilities))


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
    "calibration_mode",
)
def evaluate(
    recipe: Recipe,
    model: Model = "demo",
    target: Annotated[list[float] | None, option("target", "targets")] = None,
    questions: Annotated[int, option("questions")] = 1000,
    seed: Annotated[int, option("seed", "eval-seed")] = 0,
    data: Annotated[str | None, option("data")] = None,
    scores: Scores = None,
    calibration: Calibration = None,
    device: Device = None,
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap import calibration as sets
    from ecoflap.evaluation import evaluate as measure

    targets = target or [value for value in TARGETS if recipe.max_sparsity is None or value <= recipe.max_sparsity]
    recipes = [replace(recipe, target=value) for value in targets]
    if data is None and model != "demo" and calibration != "demo":
        raise EcoflapError("evaluation_missing", model=model)
    explorer = Explorer.open(model, scores, Loading(device), calibration, prepare=False)
    found = sets.samples_for(model, data or "demo", questions, seed, "evaluation")
    if found.skipped:
        stderr.print(say("cli.skipped", count=len(found.skipped), first=found.skipped[0]), markup=False)
    points = []
    with bar() as progress:
        for chosen in recipes:
            allocation = explorer.allocate(chosen)
            _calibrate(progress, explorer, chosen)
            task = progress.add_task(f"{chosen.target:.0%}", total=len(found.samples))
            tell = lambda done, total, task=task: progress.update(task, completed=done)  # noqa: E731
            points.append(measure(explorer.wait(), found.samples, allocation, chosen, tell))
    rows = [
        {
            "target": p.target,
            "achieved": p.achieved,
            "accuracy": p.overall.value,
            "interval": _interval(p.overall.interval),
        }
        | {kind: part.value for kind, part in p.by_type.items()}
        | {"loss": p.loss}
        for p in points
    ]
    document = {"model": model, "data": found.name, "points": [point.to_json() for point in points]}
    show(document, form, say("cli.evaluate.title", count=len(found.samples), data=found.name), rows)


def _interval(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.3f} to {ends[1]:.3f}"


@with_recipe()
def prune(
    recipe: Recipe,
    out: Out,
    model: Model = "demo",
    scores: Scores = None,
    calibration: Calibration = None,
    device: Device = None,
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap.export import check_new, save_pruned

    check_new(out)
    explorer = Explorer.open(model, scores, Loading(device), calibration, prepare=False)
    allocation = explorer.allocate(recipe)
    engine = explorer.wait()
    with bar() as progress:
        _calibrate(progress, explorer, recipe)
    engine.prune(allocation, recipe)  # measures what the criterion needs, so that the recipe can name its samples
    facts = {
        "model": engine.model.name,
        "bundle": explorer.scored(recipe).fingerprint,
        "samples": engine.samples,
    }
    save_pruned(engine, allocation, replace(recipe, **facts), out)
    document = {"out": str(out), "target": recipe.target, "achieved": allocation.achieved}
    row = document | {"kept": allocation.total_kept, "of": allocation.total}
    show(row, form, say("cli.prune.title"), [row])


COMMANDS = (ask, evaluate, prune)
