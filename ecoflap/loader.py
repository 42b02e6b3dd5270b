"""The life of a model behind the page: loading in a thread of its own, scoring, stopping, giving memory back."""

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.models.registry import open_model
from ecoflap.texts import say
from ecoflap.types import Loading, Recipe, ScoreBundle
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


class Loader:
    """One model that is there, or on its way, or was."""

    def __init__(
        self, model: str, bundle: ScoreBundle | None, loading: Loading | None = None, calibration: str | None = None
    ) -> None:
        """Remember what to open; `start` loads it."""
        self.spec, self.bundle, self.loading, self.calibration = model, bundle, loading, calibration
        self.engine: Engine | None = None
        self._error: Exception | None = None
        self._message: tuple[str, dict[str, Any]] = ("status.loading", {"model": model})
        # The weights are there; and everything that was to be prepared is.
        self._loaded, self._done = threading.Event(), threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        # Where it is, once it is there, and since when which step has been under way: (what, seconds, bytes).
        self._place: dict[str, str] = {}
        self._since = ("", 0.0, 0)
        # Told of loading too: a progress bar.
        self.listener: LoadProgress | None = None

    def start(self, prepare: bool = True) -> None:
        """Load the model in a thread of its own; what needs it waits. Called once, or again after `close`."""
        for event in (self._loaded, self._done):
            event.clear()
        self._error, self._message = None, ("status.loading", {"model": self.spec})
        self._thread = threading.Thread(target=self._load, args=(prepare,), daemon=True, name="load")
        self._thread.start()

    def cancel(self) -> None:
        """Stop loading or scoring at the next chance; what was measured so far is kept for the next start."""
        self._stop.set()

    def close(self) -> None:
        """Give the memory of the weights back, as soon as nobody uses them; the bundle stays, so allocations go on."""
        self.cancel()
        if self._thread is not None:
            self._thread.join()
        self._stop.clear()
        engine, self.engine = self.engine, None
        self._error = EcoflapError("model_released", model=self.spec)
        if engine is not None:
            engine.release()

    def _load(self, prepare: bool) -> None:
        """Load the model, and with `prepare` everything that the first question would wait for."""
        try:
            model = open_model(self.spec, self.loading, self._tell_loading)
            from ecoflap.engine import Engine  # takes seconds, and that a model cannot be had is said before

            engine = Engine(model, self.calibration)
            if self._stop.is_set():
                raise Cancelled
            if self.bundle is not None:
                self._check_bundle(engine)
            dtype = str(engine.dtype).removeprefix("torch.")
            self._place = {"device": ", ".join(engine.model.devices), "dtype": dtype}
            self.engine = engine
            self._loaded.set()
            if prepare:
                self._prepare(engine)
        except Exception as error:  # whatever it is, it is told to whoever waits, with its name
            self._error = self._cancelled() if isinstance(error, Cancelled) else error
        finally:
            self._stop.clear()
            self._loaded.set()
            self._done.set()

    def _cancelled(self) -> EcoflapError:
        """What was stopped: loading, or scoring behind a loaded model."""
        if self.engine is None:
            return EcoflapError("loading_cancelled", model=self.spec)
        return EcoflapError("scoring_cancelled", model=self.spec)

    def _prepare(self, engine: "Engine") -> None:
        """Score where there is no bundle; rank the weights for the default recipe."""
        if self.bundle is None:
            self.bundle = engine.score(progress=self._tell)
        if self.calibration is not None or self.spec == "demo":
            self._message = ("status.ranking", {})
            engine.ranked(Recipe())

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

    def _check_bundle(self, engine: "Engine") -> None:
        """Raise where the bundle is of another model: shapes for any bundle, weights where it names them."""
        shapes = {layer.name: (layer.rows, layer.cols) for layer in engine.model.layers}
        for layer in self.bundle.layers:
            if shapes.get(layer.name) != (layer.rows, layer.cols):
                raise EcoflapError("bundle_of_other_model", layer=layer.name, model=engine.model.name)
        measured_on = self.bundle.facts.get("model_fingerprint", engine.fingerprint)
        if measured_on != engine.fingerprint:
            raise EcoflapError("bundle_of_other_weights", wanted=measured_on, found=engine.fingerprint)

    def status(self, language: str = "en") -> Status:
        """How far loading is."""
        if not self._done.is_set():
            key, facts = self._message
            left = facts.get("left")
            more = "" if left is None else " " + say("status.left", language, minutes=left)
            return Status(False, say(key, language, **facts) + more)
        if self._error is None:
            return Status(True, say("status.ready", language, **self._place))
        known = isinstance(self._error, EcoflapError)
        text = self._error.text(language) if known else f"{type(self._error).__name__}: {self._error}"
        return Status(False, text, text)

    def wait(self) -> "Engine":
        """The engine, as soon as the model is there; scoring may still go on behind it.

        Raises:
            EcoflapError: the model could not be loaded, or is no longer.
        """
        self._loaded.wait()
        engine, error = self.engine, self._error
        if engine is not None:
            return engine
        if isinstance(error, EcoflapError):
            raise error
        raise EcoflapError("model_failed", model=self.spec, reason=f"{type(error).__name__}: {error}") from error

    def wait_prepared(self) -> Status:
        """How preparing went, as soon as it is over: weights, scores, ranks."""
        self._done.wait()
        return self.status()
