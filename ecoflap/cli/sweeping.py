"""The command that measures many recipes on one evaluation set: sweep."""

from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from ecoflap.cli.clustering import Ray, RayWorkers, spreading
from ecoflap.cli.evaluating import evaluation_set
from ecoflap.cli.loading import LOADING, opened, with_loading
from ecoflap.cli.options import Calibration, FormatOption, Model, Out, Scores, option, with_recipe
from ecoflap.cli.output import Format, bar, show
from ecoflap.errors import EcoflapError
from ecoflap.formats.tables import fitted
from ecoflap.texts import say
from ecoflap.types import Loading, Recipe

if TYPE_CHECKING:
    from ecoflap.cluster.cluster import Cluster
    from ecoflap.sweep import SweepPoint, SweepStep
    from ecoflap.sweep_file import SweepFile

# What stands in a line of the table; the file has more.
SHOWN = ("allocator", "pruner", "target", "achieved", "seed", "accuracy", "low", "high", "loss", "agreement", "seconds")


def parts(text: str) -> tuple[str, ...]:
    """The values of a list with commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def numbers(text: str) -> tuple[float, ...]:
    """The numbers of a list with commas.

    Raises:
        EcoflapError: one is none.
    """
    try:
        return tuple(map(float, parts(text)))
    except ValueError as error:
        raise EcoflapError("sweep_values", name="targets", value=text) from error


@with_recipe(
    "max_sparsity",
    "cap_margin",
    "granularity",
    "aggregate",
    "modalities",
    "scope",
    "rounding",
    "calibration_mode",
    "overrides",
)
@with_loading
def sweep(
    recipe: Recipe,
    out: Out,
    model: Model = "demo",
    allocators: Annotated[str, option("allocators")] = "ecoflap,uniform",
    pruners: Annotated[str, option("pruners")] = "wanda",
    targets: Annotated[str, option("targets", "sweep-targets")] = "0.3,0.5,0.7",
    seeds: Annotated[int, option("seeds")] = 1,
    questions: Annotated[int, option("questions")] = 1000,
    eval_seed: Annotated[int, option("eval-seed")] = 0,
    data: Annotated[str | None, option("data")] = None,
    metric: Annotated[str | None, option("metric")] = None,
    scores: Scores = None,
    calibration: Calibration = None,
    ray: Ray = None,
    ray_workers: RayWorkers = None,
    loading: Loading = LOADING,
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap.sweep import Sweep
    from ecoflap.sweep_file import SweepFile

    chosen = Sweep(parts(allocators), parts(pruners), numbers(targets), tuple(range(seeds)), recipe)
    chosen.recipes()  # one that cannot be is said before the model is loaded
    file = SweepFile(out)
    before = len(file.points)
    ask = evaluation_set(model, data, metric, questions, eval_seed, calibration)
    with spreading(ray, ray_workers, loading) as cluster:
        explorer = opened(model, scores, loading, calibration)
        found, marked = ask(explorer)
        first = chosen.recipes()[0][1]
        chosen = replace(chosen, recipe=fitted(recipe, explorer.scored(first).layers))
        points = _points(cluster, file, explorer, chosen, found, marked)
    document: dict[str, Any] = {"out": str(out), "model": model, "data": found.name, "metric": marked.name}
    rows = [{name: getattr(point, name) for name in SHOWN} for point in points]
    facts = {"count": len(points), "out": out, "new": len(file.points) - before, "data": found.name}
    show(document | {"points": [asdict(point) for point in points]}, form, say("cli.sweep.title", **facts), rows)


def _points(cluster: "Cluster | None", file: "SweepFile", *what: Any) -> "list[SweepPoint]":
    """The points of the sweep, each in the file as soon as it is known, with a bar."""
    from ecoflap.sweep import measure

    points = []
    if cluster is not None:
        from ecoflap.cluster import sweeping

        measure = partial(sweeping.measure, cluster, keep=file.add)
    with bar() as progress:
        task = progress.add_task("", total=None)

        def tell(step: "SweepStep") -> None:
            words = say("cli.sweep.running", done=step.done, total=step.total)
            share = step.done * step.questions + step.asked
            progress.update(task, description=words, completed=share, total=step.total * step.questions)

        for point in measure(*what, file.points, tell):
            file.add(point)
            points.append(point)
    return points


COMMANDS = (sweep,)
