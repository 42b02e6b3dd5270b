"""The life of a model behind the page: loading in a thread of its own, scoring, stopping, giving memory back."""

import gc
import logging
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecoflap.errors import Cancelled, EcoflapError, failure
from ecoflap.importance.settings import Settings
from ecoflap.measuring import Measuring
from ecoflap.models.kinds import Description
from ecoflap.models.registry import open_model
from ecoflap.shelf import Shelf, check_bundle
from ecoflap.texts import Phrase, told
from ecoflap.types import Layer, Loading, Recipe, ScoreBundle
from ecoflap.types.loading import LoadProgress, LoadStep

if TYPE_CHECKING:
    from ecoflap.engine import Engine
    from ecoflap.importance.run import Step

STEPS = {"download": "status.download", "weights": "status.weights"}
# Seconds after which the speed of a step says how long the rest will take.
SURE_AFTER = 2.0


@dataclass(frozen=True)
class Status:
    """How far loading is: `ready`, or a `message` of what goes on, or the `error` that ended it."""

    ready: bool
    message: str
    error: str | None = None


class Loader(Shelf):
    """One model that is there, or on its way, or was."""

    # Whether there is one, or scores alone.
    has_model = True

    def __init__(
        self, model: str, bundle: ScoreBundle | None, loading: Loading | None = None, calibration: str | None = None
    ) -> None:
        """Remember what to open; `start` loads it."""
        super().__init__(bundle)
        self.spec, self.loading, self.calibration = model, loading, calibration
        # The file that the bundle was read from, where somebody named one.
        self.scores: str | Path | None = None
        self.engine: Engine | None = None
        self._error: EcoflapError | None = None
        self._described: Description | None = None
        self._facts: dict[str, Any] | None = None
        self._layers: tuple[Layer, ...] = ()
        self.measurements = Measuring()
        # Whether it is scored without being asked.
        self._prepares = False
        # Whether it was given back, or is not to be loaded at all.
        self.closed = False
        self._message: tuple[str, dict[str, Any]] = ("status.loading", {"model": model})
        # The weights are there; and everything that was to be prepared is.
        self._loaded, self._done = threading.Event(), threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        # Since when which step has been under way: (what, seconds, bytes).
        self._since = ("", 0.0, 0)
        # Told of loading too: a progress bar.
        self.listener: LoadProgress | None = None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The prunable layers, as soon as they are known; their scores may not be."""
        return self._layers if self.bundle is None else self.bundle.layers

    @property
    def _scores_soon(self) -> bool:
        """Whether the model is being scored, or is to be as soon as it is loaded."""
        run = self.measurements.now
        return (self._prepares and not self._done.is_set()) or (run is not None and run.state == "running")

    def start(self, prepare: bool = True) -> None:
        """Load the model in a thread of its own; what needs it waits. Called once, or again after `close`."""
        for event in (self._loaded, self._done):
            event.clear()
        self.closed, self._error, self._message = False, None, ("status.loading", {"model": self.spec})
        self._prepares = prepare
        self._thread = threading.Thread(target=self._load, args=(prepare,), daemon=True, name="load")
        self._thread.start()

    def cancel(self) -> None:
        """Stop loading or scoring at the next chance; what was measured so far is kept for the next start."""
        self._stop.set()

    def close(self) -> None:
        """Give the memory of the weights back, as soon as nobody uses them; the bundle stays, so allocations go on."""
        self.closed = True
        self.cancel()
        self.measurements.stop()
        if self.engine is not None:
            self.engine.stop()
        if self._thread is not None:
            self._thread.join()
        self.measurements.wait()
        self._stop.clear()
        self._error = EcoflapError("model_released", model=self.spec)
        engine, self.engine = self.engine, None
        if engine is not None:
            engine.release()

    def _load(self, prepare: bool) -> None:
        """Load the model, and with `prepare` everything that the first question would wait for."""
        try:
            self._open(prepare)
            if prepare:
                self._prepare()
        except Exception as error:  # whatever it is, it is told to whoever waits, with its name
            logging.getLogger(__name__).debug("loading failed", exc_info=True)
            self._error = self._told(error)
        finally:
            if self.engine is None:
                _free()
            self._stop.clear()
            self._loaded.set()
            self._done.set()

    def _open(self, prepare: bool) -> None:
        """Load the model and look at it, and where it is to be scored, at whether its samples are what it takes."""
        model = open_model(self.spec, self.loading, self._tell_loading)
        from ecoflap.engine import Engine  # takes seconds, and that a model cannot be had is said before

        engine = Engine(model, self.calibration)
        if self._stop.is_set():
            raise Cancelled
        if self.bundle is not None:
            check_bundle(engine, self.bundle)
        elif prepare:
            engine.try_sample()
        self._described = Description(model.kind, model.labels)
        self._facts, self._layers = facts_of(engine), tuple(engine.model.layers)
        self.engine = engine
        self._loaded.set()

    def _told(self, error: Exception) -> EcoflapError:
        """What people are told of an error. It holds no frame of the one that was raised: the weights hang on those."""
        if isinstance(error, EcoflapError):
            return EcoflapError(error.code, **{name: _plain(fact) for name, fact in error.facts.items()})
        if not isinstance(error, Cancelled):
            return failure(error, self._failed)
        if self.engine is None:
            return EcoflapError("loading_cancelled", model=self.spec)
        return EcoflapError("scoring_cancelled", model=self.spec)

    def _failed(self, reason: str) -> EcoflapError:
        if self.engine is None:
            return EcoflapError("model_failed", model=self.spec, reason=reason)
        return EcoflapError("scoring_failed", model=self.spec, reason=reason)

    def _prepare(self) -> None:
        """Score where there is no bundle; rank the weights for the default recipe."""
        engine = self.engine
        if self.bundle is None:
            self._score_first(engine)
        if self.calibration is not None or self.spec == "demo":
            self._message = ("status.ranking", {})
            engine.ranked(Recipe())

    def _score_first(self, engine: "Engine") -> None:
        """Score by the default settings; whoever stops that may measure by others."""
        self.measurements.begin(Settings())
        try:
            self.measurements.run(engine, self._take, self._told, self._tell)
        except Cancelled:
            if self._stop.is_set():  # loading itself was
                raise

    def _take(self, bundle: ScoreBundle) -> None:
        self.add(bundle, "measured")

    def _tell_loading(self, step: LoadStep) -> bool:
        if self.listener is not None:
            self.listener(step)
        if step.total:
            size = f"{step.total / 1e9:.1f} GB" if step.total >= 1e9 else f"{step.total / 1e6:.1f} MB"
            facts = {"percent": f"{step.done / step.total:.0%}", "size": size, "left": self._left(step)}
            self._message = (STEPS[step.what], {"model": self.spec} | facts)
        return not self._stop.is_set()

    def _left(self, step: LoadStep) -> int | None:
        """Minutes left of a step at the speed that it has had so far; None where that says nothing yet."""
        now = time.monotonic()
        if self._since[0] != step.what:
            self._since = (step.what, now, step.done)
        _, began, first = self._since
        if now - began < SURE_AFTER or step.done <= first:
            return None
        return round((now - began) * (step.total - step.done) / (step.done - first) / 60)

    def _tell(self, step: "Step") -> bool:
        if step.left == step.left:  # no estimate before the first layer
            key = "status.scoring" if step.left >= 60 else "status.scoring_soon"
            self._message = (key, {"done": step.done, "total": step.total, "minutes": round(step.left / 60)})
        return not self._stop.is_set()

    def status(self, language: str = "en") -> Status:
        """How far loading is."""
        ended = self._done.is_set()
        words = str(told(self.state(), language))
        failed = ended and self._error is not None
        return Status(ended and not failed, words, words if failed else None)

    def state(self) -> Phrase:
        """How far loading is, for whoever will read it."""
        if not self._done.is_set():
            key, facts = self._message
            state, left = Phrase(key, **facts), facts.get("left")
            parts = {"state": state, "left": Phrase("status.left", minutes=left)}
            return state if left is None else Phrase("status.and_left", **parts)
        if self._error is not None:
            return self._error.phrase
        facts = self._facts or {}
        place = {name: facts.get(name, "") for name in ("device", "dtype")}
        return Phrase("status.unscored" if self._prepares and self.bundle is None else "status.ready", **place)

    def loaded_within(self, seconds: float) -> bool:
        """Whether loading is over, one way or the other, before so many seconds have passed."""
        return self._loaded.wait(seconds)

    def wait(self) -> "Engine":
        """The engine, as soon as the model is there; scoring may still go on behind it.

        Raises:
            EcoflapError: the model could not be loaded, or is no longer.
        """
        self._loaded.wait()
        engine = self.engine
        if engine is None:
            raise self._error or EcoflapError("model_released", model=self.spec)
        return engine

    def wait_prepared(self) -> Status:
        """How preparing went, as soon as it is over: weights, scores, ranks."""
        self._done.wait()
        return self.status()


def facts_of(engine: "Engine") -> dict[str, Any]:
    """Device, type, number of parameters, prunable weights, what stays dense as (kind, weights), what was found."""
    model = engine.model
    return {
        "device": ", ".join(model.devices),
        "dtype": str(engine.dtype).removeprefix("torch."),
        "parameters": sum(p.numel() for p in model.module.parameters()),
        "prunable": sum(layer.size for layer in model.layers),
        "dense": list(model.dense),
        "found": model.found,
    }


def _plain(fact: object) -> object:
    return fact if isinstance(fact, (str, int, float)) else str(fact)


def _free() -> None:
    """Give back what a model that failed to open has left."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
