"""Scoring a loaded model: samples, the method's units under the engine's lock, a journal, and the bundle."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ecoflap import __version__, store
from ecoflap.data.registry import samples_for
from ecoflap.data.samples import Samples
from ecoflap.importance import registry, zeroth_order
from ecoflap.importance.precision import in_float32
from ecoflap.importance.run import Look, Progress, measure
from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Method, Task, whole
from ecoflap.texts import say
from ecoflap.types import Recipe, ScoreBundle

if TYPE_CHECKING:
    from ecoflap.engine import Engine

# Raised when the scores of the same settings change, so that old ones are not taken from the cache.
VERSION = 6
# By what blocks are pruned when their response is measured: the default criterion and scope.
PRUNED_BY = Recipe()


def score(
    engine: "Engine",
    settings: Settings,
    progress: Progress | None = None,
    source: str | None = None,
    watch: Callable[[Look], None] | None = None,
) -> ScoreBundle:
    """The bundle of `engine`'s model; see `Engine.score`."""
    method = registry.find(settings.method)
    model = engine.model
    found = samples_for(
        model.spec, source or engine.source, settings.samples, settings.seed, asks=model.asks, labels=model.labels
    )
    for note in found.notes:
        logging.getLogger(__name__).warning(note)
    norms = engine.norms() if method.prunes or method.calibrated else None
    # The same weights in another type, or on another device, give other digits.
    place = {"dtype": str(engine.dtype), "device": _kinds(engine.model.devices)}
    parts = {"samples": found.fingerprint, "norms": engine.samples if norms is not None else ""} | place
    name = store.key(model=engine.fingerprint, settings=settings.to_json(), **parts, version=VERSION)
    cached = store.cached_scores(name)
    if cached is not None:
        return cached
    ranked = engine.ranked(PRUNED_BY) if method.prunes else None
    journal = store.Journal(store.journal_path(name))
    size = method.batch_size(settings)
    task = _task(engine, found, settings, size, lambda: _held(engine, method))
    task.ranked, task.norms = ranked, norms
    layers = measure(method, task, journal, lambda: _held(engine, method), progress, watch)
    bundle = ScoreBundle(engine.model.name, method.name, layers, _facts(engine, found, settings, task, journal))
    if store.try_to(bundle.write, store.scores_path(name)):
        journal.remove()
    return bundle


def cost(engine: "Engine", settings: Settings) -> tuple[int, float]:
    """(units, forwards of one block on one sample) that scoring takes, at most; nothing is run."""
    model = engine.model
    method = registry.find(settings.method)
    batches = [None] * -(-settings.samples // method.batch_size(settings))
    task = Task(model.layers, model.linears, model.blocks, model.loss, batches, settings)
    units, forwards = method.cost(task)
    return units, forwards * settings.samples / len(batches)


def _kinds(devices: Sequence[str]) -> str:
    """The kinds of devices, as cpu, cuda or cpu+cuda."""
    return "+".join(sorted({device.split(":")[0] for device in devices}))


@contextmanager
def _held(engine: "Engine", method: Method) -> Iterator[None]:
    """The dense model, in float32 where the method can, for nobody else meanwhile."""
    with engine.state(None) as model:
        wide = in_float32(model.module, model.blocks.values()) if method.forwards_only else nullcontext()
        with wide:
            yield


def _task(
    engine: "Engine",
    found: Samples,
    settings: Settings,
    size: int,
    hold: Callable[[], AbstractContextManager],
) -> Task:
    """What to measure, in batches of `size`, each encoded while the model is held, in the type that is computed in."""
    model, batches = engine.model, []
    for start in range(0, len(found.samples), size):
        with hold():  # all at once would keep others waiting: hundreds of pictures take many seconds
            batches.append(model.encode(found.samples[start : start + size]))
    return Task(
        model.layers,
        model.linears,
        model.blocks,
        model.loss,
        batches,
        settings,
        losses=model.losses,
        masked=engine.masked,
    )


def _facts(
    engine: "Engine", found: Samples, settings: Settings, task: Task, values: Mapping[str, list[float]]
) -> dict[str, Any]:
    """What the bundle says about its origin."""
    facts: dict[str, Any] = {
        "calibration": {"name": found.name, "samples": len(found.samples), "fingerprint": found.fingerprint},
        "model_fingerprint": engine.fingerprint,
        "seed": settings.seed,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "library": f"ecoflap {__version__}",
    }
    if settings.method.startswith("zeroth-order"):
        facts["eps"] = settings.eps
    if settings.method == "zeroth-order":
        facts["convergence"] = zeroth_order.convergence(task, values)
    if settings.method in ("response", "joint"):
        facts["pruned_by"] = {"pruner": PRUNED_BY.pruner, "scope": PRUNED_BY.scope, "samples": engine.samples}
    count = sum(whole(number) in values for number in range(len(task.batches)))
    if count:
        share = {"count": count, "batches": len(task.batches)}
        facts["note"] = say("score.whole_passes", **share, gigabytes=f"{settings.replay_bytes / 2**30:.3g}")
        logging.getLogger(__name__).warning(facts["note"])
    return facts
