"""The events of the page's sweep: a job whose chart fills point by point, and its end."""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from ecoflap.errors import Cancelled, EcoflapError, failure
from ecoflap.sweep import Sweep, SweepPoint, SweepStep
from ecoflap.texts import say
from ecoflap.ui import session
from ecoflap.ui.handlers import Handlers, sent
from ecoflap.ui.jobs import Jobs, Tell, in_turn, wait_for
from ecoflap.ui.sweep_run import SWEEP, Wish, check, evaluation_set, swept
from ecoflap.ui.sweep_value import lines_value, progress_value, result_value
from ecoflap.ui.wishes import whole

# Most calibration seeds of one sweep.
MOST_SEEDS = 5
# Knobs that a sweep turns itself.
TURNED = ("percent", "allocator")
Value = dict[str, Any]


class Sweeping:
    """Sweeps of one page. Nothing is kept of any person: all comes with the event."""

    def __init__(self, handlers: Handlers, jobs: Jobs) -> None:
        self.handlers, self.jobs, self.language = handlers, jobs, handlers.language

    def measure(self, event: gr.EventData, request: gr.Request, *knobs: Any) -> Iterator[Value]:
        """The points of what the browser names (`wish`), every other knob as it is.

        Every value carries the number (`run`) that the browser gave its click, and what it is about.
        """
        about = self._about(knobs) | {"run": sent(event, "run")}
        run = Run(self.handlers, sent(event, "wish"), knobs)
        state = "done"
        words: Value = {}
        try:
            if not self.handlers.explorer.status(self.language).ready:
                yield about | run.waiting
            for value in self.jobs.run(request.session_hash, SWEEP, run.work):
                yield about | value
            if self.handlers.host.generation != about["of"]:
                raise EcoflapError("page_model_changed")
        except Cancelled:
            state = "stopped"
        except EcoflapError as error:
            state, words = "error", {"words": error.text(self.language)}
        except Exception as error:  # whatever a model runs into, memory for one, is said where the result would be
            failed = failure(error, lambda reason: EcoflapError("page_ask_failed", reason=reason))
            state, words = "error", {"words": failed.text(self.language)}
        yield about | {"state": state} | run.result() | words

    def stop(self, request: gr.Request) -> None:
        """End this person's sweep at its next batch of questions; what is measured stays."""
        self.jobs.stop(request.session_hash, SWEEP)

    def _about(self, knobs: Sequence[Any]) -> Value:
        """What the points are about: the model, its scores, and the knobs that a sweep leaves alone."""
        settings = {name: value for name, value in zip(session.DEFAULTS, knobs) if name not in TURNED}
        return {"of": self.handlers.host.generation, "model": self.handlers.model(), "knobs": settings}


class Run:
    """One sweep, from the browser's wish to its points."""

    def __init__(self, handlers: Handlers, wished: Any, knobs: Sequence[Any]) -> None:
        self.handlers, self.language = handlers, handlers.language
        self.wished, self.knobs = wished if isinstance(wished, dict) else {}, knobs
        self.waiting = {"state": "busy", "words": say("page.sweep.waiting", self.language)}
        self._points: list[SweepPoint] = []
        self._shown: Value = {}

    def work(self, tell: Tell) -> None:
        """Measure, telling the points so far.

        Raises:
            EcoflapError: what cannot be measured.
            Cancelled: nobody wants more.
        """
        host, wish = self.handlers.host, self._wish()
        check(host, wish)
        wait_for(self.handlers.explorer, tell, self.waiting)

        def hear(points: Sequence[SweepPoint], step: SweepStep) -> None:
            self._note(points)
            tell({"state": "busy"} | self._shown | progress_value(step))

        with in_turn(host.lines[SWEEP], tell, self.language):
            found, metric = evaluation_set(host, wish)
            self._note(swept(host, wish, found, metric, hear))

    def result(self) -> Value:
        """What is known at the end, whatever ended it."""
        return (self._shown | result_value(self._points)) if self._points else {}

    def _note(self, points: Sequence[SweepPoint]) -> None:
        if len(points) != len(self._points):
            self._points, self._shown = [*points], lines_value(points)

    def _wish(self) -> Wish:
        """What the browser asks for.

        Raises:
            EcoflapError: it cannot be.
        """
        given = self.wished.get
        listed = {name: given(name) if isinstance(given(name), list) else [] for name in ("allocators", "pruners")}
        percents = given("percents") if isinstance(given("percents"), list) else []
        targets = tuple(session.percent_of(percent, "target", 95) for percent in percents)
        seeds = tuple(range(whole("seeds", given("seeds"), 1, MOST_SEEDS)))
        recipe = session.recipe_of(*self.knobs)
        if recipe.fixed:
            raise EcoflapError("sweep_pattern", pattern=recipe.pattern)
        sweep = Sweep(tuple(listed["allocators"]), tuple(listed["pruners"]), targets, seeds, recipe)
        return Wish(sweep, given("questions"), given("eval_seed"), given("data") or "")
