"""Commands up to the allocation: models, score, allocate."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ecoflap.cli.clustering import RAY, Ray, RayWorkers, spreading
from ecoflap.cli.loading import LOADING, loading_bar, with_loading
from ecoflap.cli.options import (
    Calibration,
    FormatOption,
    Model,
    Out,
    Samples,
    Scores,
    Seed,
    option,
    with_recipe,
)
from ecoflap.cli.output import Format, bar, show
from ecoflap.errors import EcoflapError
from ecoflap.formats.recipes import write_recipe
from ecoflap.formats.tables import fitted
from ecoflap.importance.settings import Settings
from ecoflap.models.registry import DEMO_SCORES, SOURCES, Source, layers_of, open_model, openable
from ecoflap.texts import say
from ecoflap.types import Loading, Recipe, ScoreBundle
from ecoflap.types.bundle import check_writable

if TYPE_CHECKING:
    from ecoflap.engine import Engine

_DEFAULT = Settings()


@with_loading
def models(loading: Loading = LOADING, form: FormatOption = Format.TABLE) -> None:
    from ecoflap.models.placement import described

    demo, *others = [row | {"what": say(row["what"])} for row in openable()]
    rows = [demo, *(_form(source) for source in SOURCES if source.form != "demo"), *others]
    place = described(loading)
    facts = place | {"dtype": place["dtype"] or say("cli.models.dtype_own"), "free": f"{place['free'] / 1e9:.1f}"}
    shown = [row | {"available": say("cli.yes" if row["available"] else "cli.no")} for row in rows]
    show({"models": rows, "place": place}, form, say("cli.models.title", **facts), shown)


def _form(source: Source) -> dict[str, Any]:
    """A row for one kind of thing that `--model` may name."""
    why = source.why_not()
    return {
        "model": source.form,
        "what": say(source.what),
        "bytes": None,
        "available": why is None,
        "why": str(why) if why else None,
    }


@with_loading
def score(
    out: Out,
    model: Model = "demo",
    method: Annotated[str, option("method")] = _DEFAULT.method,
    samples: Samples = _DEFAULT.samples,
    seed: Seed = _DEFAULT.seed,
    draws: Annotated[int, option("draws")] = _DEFAULT.draws,
    batch_size: Annotated[int, option("batch-size")] = _DEFAULT.batch_size,
    eps: Annotated[float, option("eps")] = _DEFAULT.eps,
    gradient: Annotated[str, option("gradient")] = _DEFAULT.gradient,
    replay_memory: Annotated[float, option("replay-memory")] = _DEFAULT.replay_bytes / 2**30,
    add_to: Annotated[Path | None, option("with")] = None,
    source: Annotated[Path | None, option("from")] = None,
    calibration: Calibration = None,
    ray: Ray = None,
    ray_workers: RayWorkers = None,
    loading: Loading = LOADING,
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap.data.registry import check_source
    from ecoflap.engine import Engine
    from ecoflap.importance import registry

    settings = Settings(method, samples, seed, batch_size, draws, eps, gradient, replay_bytes=replay_memory * 2**30)
    registry.find(method)
    check_source(calibration)
    check_writable(out)
    if source is not None:
        _check_alone(settings, add_to, calibration, ray)
        from ecoflap.formats.scores import imported_scores

        _write_scores(imported_scores(source, *layers_of(model, loading)), out, form)
        return
    before = ScoreBundle.read(add_to) if add_to else None
    with spreading(ray, ray_workers, loading) as cluster:
        with loading_bar() as tell:
            engine = Engine(open_model(model, loading, tell), calibration, seed)
        if before is not None:
            _check_adds(before, method, engine)
        spread = cluster and cluster.units(engine, settings, model)
        with bar() as progress:
            task = progress.add_task(say("cli.score.running"), total=None)
            bundle = engine.score(
                settings, lambda step: progress.update(task, completed=step.done, total=step.total), spread=spread
            )
    _write_scores(bundle if before is None else before.joined(bundle), out, form, engine.model.found)


def _check_adds(before: ScoreBundle, method: str, engine: "Engine") -> None:
    """Raise where scores of `engine` by this method add nothing to `before`, or are of another model."""
    if method == "zeroth-order":
        raise EcoflapError("bundle_adds_nothing", method=method)
    facts = {"model_fingerprint": engine.fingerprint}
    before.check_same_model(ScoreBundle(engine.model.name, method, engine.model.layers, facts))


def _check_alone(settings: Settings, add_to: Path | None, calibration: str | None, ray: str | None) -> None:
    """Raise where options stand beside --from that measure: nothing is."""
    given = {"--with": add_to is not None, "--calibration": calibration is not None, RAY: ray is not None}
    given["--method"] = settings.method != _DEFAULT.method
    given[say("cli.score.settings")] = replace(settings, method=_DEFAULT.method) != _DEFAULT
    ignored = ", ".join(name for name, there in given.items() if there)
    if ignored:
        raise EcoflapError("scores_from_alone", options=ignored)


def _write_scores(bundle: ScoreBundle, out: Path, form: Format, found: str = "") -> None:
    """Write the bundle and show what it holds; `found` says what was recognised in the model."""
    bundle.write(out)
    columns = ("name", "modality", "score", "stderr", "draws")
    rows = [{column: getattr(layer, column) for column in columns} for layer in bundle.layers]
    document = {"out": str(out), "model": bundle.model, "method": bundle.method, "fingerprint": bundle.fingerprint}
    document |= {fact: bundle.facts[fact] for fact in ("convergence", "note") if fact in bundle.facts}
    title = "\n".join(filter(None, (found, say("cli.score.title", out=out), _convergence(bundle))))
    show(document | {"layers": len(rows), "found": found}, form, title, rows)


def _convergence(bundle: ScoreBundle) -> str:
    """A line on how the standard error fell from batch to batch, where the method says so."""
    known = [(count, share) for count, share in bundle.facts.get("convergence", ()) if share is not None]
    series = ", ".join(f"{count}: {share:.1%}" for count, share in known)
    return say("cli.score.convergence", series=series) if known else ""


@with_recipe(
    "target",
    "max_sparsity",
    "cap_margin",
    "allocator",
    "granularity",
    "aggregate",
    "modalities",
    "rounding",
    "pattern",
    "overrides",
)
def allocate(
    recipe: Recipe,
    scores: Scores = None,
    out: Annotated[Path | None, option("out", "recipe-out")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap.allocation import allocate as allocate_bundle

    bundle = ScoreBundle.read(scores or DEMO_SCORES)
    recipe = fitted(recipe, bundle.layers)
    allocation = allocate_bundle(bundle, recipe)
    if out is not None:
        write_recipe(out, replace(recipe, model=bundle.model, bundle=bundle.fingerprint), allocation)
    groups = allocation.groups()
    document = {"target": recipe.target, "achieved": allocation.achieved, "groups": groups}
    facts = {"target": f"{recipe.target:.2%}", "achieved": f"{allocation.achieved:.4%}"}
    title = say("cli.allocate.title", **facts, total=f"{allocation.total:,}")
    show(document, form, title, [{"group": group, "sparsity": sparsity} for group, sparsity in groups.items()])


COMMANDS = (models, score, allocate)
