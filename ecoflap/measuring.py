"""Measuring scores behind the page: one run at a time for everybody, how far it is, and what is known meanwhile."""

import itertools
import logging
import math
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.importance.settings import Settings
from ecoflap.types import Layer, ScoreBundle

if TYPE_CHECKING:
    from ecoflap.engine import Engine
    from ecoflap.importance.run import Look, Progress, Step

# Between two looks at what is known: seconds at least, and times what the last one took, so 5% of a core at most.
PAUSE, TIMES = 0.5, 20
# Points of the falling error that are kept.
KEPT_POINTS = 120
# Of all runs of all models.
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Measurement:
    """One run, as it stands.

    Attributes:
        number: of this run and no other.
        settings: of the run.
        source: where the samples come from; None for where the model's do.
        state: running, done, stopped or failed.
        done: units measured, those of an earlier run included.
        total: units in all, 0 until that is known.
        left: estimated seconds to the end; NaN while that is unknown.
        resumed: units that an earlier run had measured.
        error: why it failed.
        bundle: fingerprint of what came out.
    """

    number: int
    settings: Settings
    source: str | None = None
    state: str = "running"
    done: int = 0
    total: int = 0
    left: float = math.nan
    resumed: int = 0
    error: EcoflapError | None = None
    bundle: str = ""


@dataclass(frozen=True)
class Cost:
    """What a run takes at most: units of work, forwards of one block on one sample, and seconds where that is known."""

    units: int
    forwards: float
    seconds: float | None


def precision(layers: Sequence[Layer | None]) -> float | None:
    """Median over layers of the standard error as a share of the score; None where no error is known."""
    known = [layer for layer in layers if layer is not None and layer.stderr is not None and layer.score]
    return statistics.median(layer.stderr / layer.score for layer in known) if known else None


class Measuring:
    """The runs of one model, one at a time. A run that was stopped leaves its journal, and the next goes on there."""

    def __init__(self) -> None:
        self.now: Measurement | None = None
        # (share of the units done, precision) whenever somebody looked.
        self.history: list[tuple[float, float]] = []
        self._lock, self._looking, self._stop = threading.Lock(), threading.Lock(), threading.Event()
        self._look: Look | None = None
        self._known: tuple[Layer | None, ...] = ()
        self.news = 0  # how often a look showed something new
        self._next = 0.0
        self._thread: threading.Thread | None = None
        # Seconds that a forward of one block on one sample took, by method.
        self._paces: dict[str, float] = {}

    def start(
        self,
        engine: "Engine",
        settings: Settings,
        source: str | None,
        take: Callable[[ScoreBundle], None],
        told: Callable[[Exception], EcoflapError],
    ) -> Measurement:
        """Measure in the background.

        Args:
            engine: of the model.
            settings: what to measure.
            source: where the samples come from; None for where the engine's do.
            take: given the bundle, before the run counts as done.
            told: what people are told of an error.

        Raises:
            EcoflapError: another run goes on.
        """
        begun = self.begin(settings, source)

        def work() -> None:
            try:
                self.run(engine, take, told)
            except Exception:  # what went wrong stands in `now`
                return

        self._thread = threading.Thread(target=work, daemon=True, name="measure")
        self._thread.start()
        return begun

    def begin(self, settings: Settings, source: str | None = None) -> Measurement:
        """Take the one place for a run, which `run` then does.

        Raises:
            EcoflapError: another run has it.
        """
        with self._lock:
            if self.now is not None and self.now.state == "running":
                raise EcoflapError("measuring_busy", done=self.now.done, total=self.now.total)
            self._stop.clear()
            self.now = Measurement(next(NUMBERS), settings, source)
        with self._looking:
            self._look, self._known, self._next, self.history = None, (), 0.0, []
        return self.now

    def run(
        self,
        engine: "Engine",
        take: Callable[[ScoreBundle], None],
        told: Callable[[Exception], EcoflapError],
        also: "Progress | None" = None,
    ) -> None:
        """Do the run that `begin` took the place for, in this thread; `also` is told of every unit and may stop it.

        Raises:
            Cancelled: it was stopped.
            Exception: whatever went wrong.
        """
        began = time.monotonic()
        settings = self.now.settings

        def tell(step: "Step") -> bool:
            self._step(step)
            goes_on = also is None or also(step) is not False
            return goes_on and not self._stop.is_set()

        try:
            bundle = engine.score(settings, tell, self.now.source, self._watch)
            take(bundle)
        except Cancelled:
            self._end("stopped")
            raise
        except Exception as error:
            self._end("failed", error=told(error))
            raise
        else:
            self._end("done", bundle=bundle.fingerprint, layers=bundle.layers)
        finally:
            self._clock(engine, settings, time.monotonic() - began)

    def _step(self, step: "Step") -> None:
        with self._lock:
            resumed = step.done if self.now.total == 0 else self.now.resumed
            self.now = replace(self.now, done=step.done, total=step.total, left=step.left, resumed=resumed)

    def _watch(self, look: "Look") -> None:
        with self._looking:
            self._look = look

    def _end(self, state: str, layers: tuple[Layer, ...] | None = None, **facts: object) -> None:
        """Nothing of the model stays: what is known is looked at once more, and the look let go of."""
        with self._looking:
            look, self._look = self._look, None
            if layers is not None:
                self._note(layers)
            elif look is not None:
                self._glance(look)
        with self._lock:
            self.now = replace(self.now, state=state, left=math.nan, **facts)

    def known(self) -> tuple[Layer | None, ...]:
        """The layers as far as they are measured, None where nothing is known; looked at anew now and then only."""
        with self._looking:
            began = time.monotonic()
            if self._look is not None and began >= self._next:
                self._glance(self._look)
                self._next = began + max(PAUSE, TIMES * (time.monotonic() - began))
            return self._known

    def _glance(self, look: "Look") -> None:
        """Note what a look shows; one that fails shows nothing new, and ends no run."""
        try:
            self._note(look())
        except Exception:
            logging.getLogger(__name__).exception("looking at what is measured failed")

    def _note(self, layers: tuple[Layer | None, ...]) -> None:
        """Keep what is known, and a point of the falling error."""
        self.news += layers != self._known
        self._known = layers
        found, now = precision(layers), self.now
        if found is None or not now.total:
            return
        self.history.append((now.done / now.total, found))
        if len(self.history) > KEPT_POINTS:
            self.history = [*self.history[:-1:2], self.history[-1]]

    def stop(self) -> None:
        """End the run at its next unit; what is measured is kept."""
        self._stop.set()

    def wait(self) -> None:
        """Wait until no run of `start` goes on."""
        if self._thread is not None:
            self._thread.join()

    def cost(self, engine: "Engine", settings: Settings) -> Cost:
        """What a run would take; seconds as soon as one has been measured, of the same method if there is one."""
        from ecoflap.scoring import cost

        units, forwards = cost(engine, settings)
        pace = self._paces.get(settings.method, next(iter(self._paces.values()), None))
        return Cost(units, forwards, None if pace is None else pace * forwards)

    def _clock(self, engine: "Engine", settings: Settings, seconds: float) -> None:
        """Remember how fast this run was."""
        from ecoflap.scoring import cost

        share = (self.now.done - self.now.resumed) / max(self.now.total, 1)
        try:
            forwards = share * cost(engine, settings)[1]
        except EcoflapError:  # the model was given back meanwhile
            return
        if forwards > 0:
            self._paces[settings.method] = seconds / forwards
