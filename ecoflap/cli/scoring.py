"""Commands up to the allocation: models, score, allocate."""

from pathlib import Path
from typing import Annotated

from ecoflap.cli.options import (
    Calibration,
    Device,
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
from ecoflap.importance.settings import Settings
from ecoflap.models.registry import DEMO_FOLDER, DEMO_SCORES, SOURCES, open_model
from ecoflap.texts import say
from ecoflap.types import Loading, Recipe, ScoreBundle
from ecoflap.types.bundle import check_writable

_DEFAULT = Settings()


def models(form: FormatOption = Format.TABLE) -> None:
    from ecoflap.models.hub import cached_models

    rows = [{"model": source.form, "what": say(source.what), "bytes": None} for source in SOURCES]
    weights = DEMO_FOLDER / "model.safetensors"
    rows[0]["bytes"] = weights.stat().st_size if weights.is_file() else None
    rows += [{"model": name, "what": say("cli.models.cached"), "bytes": size} for name, size in cached_models()]
    show({"models": rows}, form, say("cli.models.title"), rows)


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
    calibration: Calibration = None,
    device: Device = None,
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap.engine import Engine
    from ecoflap.importance import registry

    settings = Settings(method, samples, seed, batch_size, draws, eps, gradient, replay_bytes=replay_memory * 2**30)
    registry.find(method)
    check_writable(out)
    before = ScoreBundle.read(add_to) if add_to else None
    engine = Engine(open_model(model, Loading(device)), calibration)
    if before is not None:
        if method.startswith("zeroth-order"):
            raise EcoflapError("bundle_adds_nothing", method=method)
        facts = {"model_fingerprint": engine.fingerprint}
        before.check_same_model(ScoreBundle(engine.model.name, method, engine.model.layers, facts))
    with bar() as progress:
        task = progress.add_task(say("cli.score.running"), total=None)
        bundle = engine.score(settings, lambda step: progress.update(task, completed=step.done, total=step.total))
    bundle = bundle if before is None else before.joined(bundle)
    bundle.write(out)
    columns = ("name", "modality", "score", "stderr", "draws")
    rows = [{column: getattr(layer, column) for column in columns} for layer in bundle.layers]
    document = {"out": str(out), "model": bundle.model, "method": bundle.method, "fingerprint": bundle.fingerprint}
    document |= {fact: bundle.facts[fact] for fact in ("convergence", "note") if fact in bundle.facts}
    show(document | {"layers": len(rows)}, form, say("cli.score.title", out=out) + _convergence(bundle), rows)


def _convergence(bundle: ScoreBundle) -> str:
    """A line on how the standard error fell from batch to batch, where the method says so."""
    known = [(count, share) for count, share in bundle.facts.get("convergence", ()) if share is not None]
    series = ", ".join(f"{count}: {share:.1%}" for count, share in known)
    return "\n" + say("cli.score.convergence", series=series) if known else ""


@with_recipe("target", "max_sparsity", "cap_margin", "allocator", "granularity", "aggregate", "modalities", "rounding")
def allocate(recipe: Recipe, scores: Scores = None, form: FormatOption = Format.TABLE) -> None:
    from ecoflap.allocation import allocate as allocate_bundle

    allocation = allocate_bundle(ScoreBundle.read(scores or DEMO_SCORES), recipe)
    groups = allocation.groups()
    document = {"target": recipe.target, "achieved": allocation.achieved, "groups": groups}
    facts = {"target": f"{recipe.target:.2%}", "achieved": f"{allocation.achieved:.4%}"}
    title = say("cli.allocate.title", **facts, total=f"{allocation.total:,}")
    show(document, form, title, [{"group": group, "sparsity": sparsity} for group, sparsity in groups.items()])


COMMANDS = (models, score, allocate)
