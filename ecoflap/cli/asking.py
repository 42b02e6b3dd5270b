"""Commands that run the model: ask, prune."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.progress import Progress

from ecoflap.asking import checked_question, sample_of
from ecoflap.cli.loading import LOADING, opened, with_loading
from ecoflap.cli.options import Calibration, FormatOption, Model, Out, Scores, option, with_recipe
from ecoflap.cli.output import Format, bar, show
from ecoflap.explorer import Explorer
from ecoflap.formats.tables import fitted
from ecoflap.models.kinds import describe
from ecoflap.texts import say
from ecoflap.types import Answer, Loading, Recipe
from ecoflap.types.loading import KINDS

if TYPE_CHECKING:
    from PIL.Image import Image

    from ecoflap.export import Written


@with_recipe()
@with_loading
def ask(
    recipe: Recipe,
    image: Annotated[Path | None, option("image")] = None,
    question: Annotated[str, option("question")] = "",
    model: Model = "demo",
    scores: Scores = None,
    calibration: Calibration = None,
    loading: Loading = LOADING,
    form: FormatOption = Format.TABLE,
) -> None:
    picture = _picture(model, image, question)
    explorer = opened(model, scores, loading, calibration)
    recipe = fitted(recipe, explorer.scored(recipe).layers)
    with bar() as progress:
        calibrate(progress, explorer, recipe)
    asked = explorer.ask(picture, question, recipe)
    answers = {"dense": asked.dense, "pruned": asked.pruned}
    achieved = asked.allocation.achieved
    document = {name: answer.text for name, answer in answers.items()} | {"target": recipe.target, "achieved": achieved}
    document |= {"tokens": {name: asdict(answer) for name, answer in answers.items()}, "seconds": asked.seconds}
    rows = [{"model": name, "answer": answer.text, "tokens": _tokens(answer)} for name, answer in answers.items()]
    title = say("cli.ask.title", question=question or image.name, achieved=f"{achieved:.2%}")
    show(document, form, title, rows)


def _picture(model: str, image: Path | None, question: str) -> "Image | None":
    """The picture at `image`; where the model's kind is known, what it cannot be asked is said before it is loaded."""
    from ecoflap.pictures import open_picture

    known = describe(model)
    if known is not None and "text" in KINDS[known.kind]:
        checked_question(question)
    picture = open_picture(image) if image is not None else None
    if known is not None:
        sample_of(known.kind, picture, question)
    return picture


def calibrate(progress: Progress, explorer: Explorer, recipe: Recipe) -> None:
    """Show how far a sequential calibration is; the engine keeps what it finds. Nothing to do for a dense one."""
    if recipe.calibration == "sequential":
        task = progress.add_task(say("cli.calibrating"), total=None)
        tell = lambda done, total: progress.update(task, completed=done, total=total)  # noqa: E731
        explorer.wait().ranked_for(explorer.allocate(recipe), recipe, tell)
        progress.remove_task(task)


def _tokens(answer: Answer) -> str:
    """The tokens with their probabilities."""
    return " ".join(f"{token} {value:.0%}" for token, value in zip(answer.tokens, answer.probabilities))


@with_recipe()
@with_loading
def prune(
    recipe: Recipe,
    out: Out,
    model: Model = "demo",
    scores: Scores = None,
    calibration: Calibration = None,
    loading: Loading = LOADING,
    sparse: Annotated[bool, option("sparse")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap.export import Origin, check_new, check_packed, save_pruned

    place = check_new(out)
    explorer = opened(model, scores, loading, calibration)
    if sparse:
        check_packed(explorer.wait().model)
    recipe = fitted(recipe, explorer.scored(recipe).layers)
    allocation = explorer.allocate(recipe)
    engine = explorer.wait()
    with bar() as progress:
        calibrate(progress, explorer, recipe)
    engine.prune(allocation, recipe)  # measures what the criterion needs, so that the recipe can name its samples
    facts = {
        "model": engine.model.name,
        "bundle": explorer.scored(recipe).fingerprint,
        "samples": engine.samples,
    }
    origin = Origin(model, explorer.scored(recipe), engine.calibrated_on, calibration)
    written = save_pruned(engine, allocation, replace(recipe, **facts), place, origin, sparse)
    row = {"out": str(out), "target": recipe.target, "achieved": allocation.achieved}
    row |= {"kept": allocation.total_kept, "of": allocation.total}
    sizes = {"dense_bytes": written.dense, "pruned_bytes": written.pruned, "sparse_bytes": written.packed}
    sizes |= {"pruned_of_dense": written.pruned / written.dense, "sparse_of_dense": written.packed_share}
    show(row | sizes, form, say("cli.prune.title") + _sizes(written), [row])


def _sizes(written: "Written") -> str:
    """Sizes on disk as people read them, and what they come to where leaving the zeros out does not pay."""
    megabytes = [f"{size / 1e6:,.1f}" for size in (written.dense, written.pruned, written.packed or 0)]
    facts = {"dense": megabytes[0], "pruned": megabytes[1], "pruned_share": f"{written.pruned / written.dense:.1%}"}
    text = "\n" + say("cli.prune.sizes", **facts)
    if written.packed_share is not None:
        text += " " + say("cli.prune.sparse", sparse=megabytes[2], share=f"{written.packed_share:.1%}")
        text += " " + say("cli.prune.sparse_larger") if written.packed >= written.pruned else ""
    return text


COMMANDS = (ask, prune)
