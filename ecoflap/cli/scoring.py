"""Commands up to the allocation: models, score, allocate."""

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
from ecoflap.models.registry import DEMO_FOLDER, DEMO_SCORES, SOURCES, open_model
from ecoflap.texts import say
from ecoflap.types import Recipe, ScoreBundle
from ecoflap.types.bundle import check_writable


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
    method: Annotated[str, option("method")] = "zeroth-order",
    samples: Samples = 32,
    seed: Seed = 0,
    draws: Annotated[int, option("draws")] = 1,
    batch_size: Annotated[int, option("batch-size")] = 8,
    eps: Annotated[float, option("eps")] = 1e-3,
    calibration: Calibration = None,
    device: Device = None,
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap.engine import Engine
    from ecoflap.importance.registry import METHODS

    names = [known.name for known in METHODS]
    if method not in names:
        raise EcoflapError("not_a_choice", name="method", value=method, choices=", ".join(names))
    check_writable(out)
    engine = Engine(open_model(model, device), calibration)
    with bar() as progress:
        task = progress.add_task(say("cli.score.running"), total=None)

        def tell(done: int, total: int, left: float) -> None:
            progress.update(task, completed=done, total=total)

        bundle = engine.score(samples, seed, batch_size, draws, eps, tell)
    bundle.write(out)
    columns = ("name", "modality", "score", "stderr", "draws")
    rows = [{column: getattr(layer, column) for column in columns} for layer in bundle.layers]
    document = {"out": str(out), "model": bundle.model, "method": bundle.method, "fingerprint": bundle.fingerprint}
    show(document | {"layers": len(rows)}, form, say("cli.score.title", out=out), rows)


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
