"""Scoring a loaded model: samples, the method's units under the engine's lock, a journal, and the bundle."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ecoflap import __version__, store
from ecoflap.data.registry import samples_for
from ecoflap.data.samples import Samples
from ecoflap.importance import registry, zeroth_order
from ecoflap.importance.precision import in_float32
from ecoflap.importance.run import Look, Progress, Spread, measure
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
    spread: Spread | None = None,
) -> ScoreBundle:
    """The bundle of `engine`'s model; see `Engine.score`."""
    method = registry.find(settings.method)
    found = samples(engine, settings, source)
    for note in found.notes:
        logging.getLogger(__name__).warning(note)
    norms = engine.norms() if method.prunes or method.calibrated else None
    # The same weights in another type, or on another device, give other digits.
    place = {"dtype": str(engine.dtype), "device": kinds(engine.model.devices)}
    parts = {"samples": found.fingerprint, "norms": engine.samples if norms is not None else ""} | place
    name = store.key(model=engine.fingerprint, settings=settings.to_json(), **parts, version=VERSION)
    cached = store.cached_scores(name)
    if cached is not None:
        return cached
    journal = store.Journal(store.journal_path(name))
    hold = partial(held, engine, method)
    task = task_of(engine, found, settings) if spread is None else _described(engine, settings, len(found.samples))
    layers = measure(method, task, journal, hold, progress, watch, spread)
    bundle = ScoreBundle(engine.model.name, method.name, layers, _facts(engine, found, settings, task, journal))
    if store.try_to(bundle.write, store.scores_path(name)):
        journal.remove()
    return bundle


def samples(engine: "Engine", settings: Settings, source: str | None = None) -> Samples:
    """The samples to score on; `source` is where they come from, by default the engine's own."""
    model = engine.model
    wanted = (settings.samples, settings.seed)
    return samples_for(model.spec, source or engine.source, *wanted, asks=model.asks, labels=model.labels)


def cost(engine: "Engine", settings: Settings) -> tuple[int, float]:
    """(units, forwards of one block on one sample) that scoring takes, at most; nothing is run."""
    task = _described(engine, settings, settings.samples)
    units, forwards = registry.find(settings.method).cost(task)
    return units, forwards * settings.samples / len(task.batches)


def _described(engine: "Engine", settings: Settings, count: int) -> Task:
    """A task over so many samples that says what there is to measure, and cannot measure it."""
    model = engine.model
    batches = [None] * -(-count // registry.find(settings.method).batch_size(settings))
    return Task(model.layers, model.linears, model.blocks, model.loss, batches, settings)


def kinds(devices: Sequence[str]) -> str:
    """The kinds of devices, as cpu, cuda or cpu+cuda."""
    return "+".join(sorted({device.split(":")[0] for device in devices}))


@contextmanager
def held(engine: "Engine", method: Method) -> Iterator[None]:
    """The dense model, in float32 where the method can, for nobody else meanwhile."""
    with engine.state(None) as model:
        wide = in_float32(model.module, model.blocks.values()) if method.forwards_only else nullcontext()
        with wide:
            yield


def task_of(engine: "Engine", found: Samples, settings: Settings) -> Task:
    """What to measure on `found`, ready to be measured.

    Every batch is encoded while the model is held, in the type that is computed in: all at once would keep others
    waiting, since hundreds of pictures take many seconds.
    """
    method = registry.find(settings.method)
    norms = engine.norms() if method.prunes or method.calibrated else None
    ranked = engine.ranked(PRUNED_BY) if method.prunes else None
    model, batches, size = engine.model, [], method.batch_size(settings)
    for start in range(0, len(found.samples), size):
        with held(engine, method):
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
        ranked=ranked,
        norms=norms,
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
