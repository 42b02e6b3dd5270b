"""The endpoints that take long: measuring scores and sweeping, each telling how far it is until it is done."""

import json
import math
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr

from ecoflap.errors import EcoflapError
from ecoflap.measuring import Measurement
from ecoflap.types import Recipe
from ecoflap.ui.jobs import Jobs, Tell, in_turn
from ecoflap.ui.listening import while_heard
from ecoflap.ui.shared import CALLERS
from ecoflap.ui.sweep_run import SWEEP, Wish, check, evaluation_set, swept
from ecoflap.ui.wishes import MOST, MOST_OF_STRANGERS, settings_of, source_of

if TYPE_CHECKING:
    from ecoflap.sweep import SweepPoint, SweepStep

# Seconds between two looks at a run.
PACE = 0.5


class Running:
    """What runs behind the endpoints: one measurement and one sweep at a time, for everybody."""

    def __init__(self, host: Any, jobs: Jobs, language: str) -> None:
        self.host, self.jobs, self.language = host, jobs, language
        self._sweeping = threading.Lock()

    def check(self) -> None:
        """Raise where there is no model: what follows would import torch only to say the same."""
        if not self.host.explorer.has_model:
            raise EcoflapError("scores_only", model=self.host.explorer.name)

    def score(self, wished: dict[str, Any], calibration: str) -> Iterator[dict[str, Any]]:
        """Measure scores, telling how far it is; whoever stops listening stops the run, and what is measured is kept.

        Raises:
            EcoflapError: settings or samples that cannot be, a run that goes on already, or one that failed.
        """
        explorer = self.host.explorer
        settings = settings_of(wished, MOST if self.host.free else MOST_OF_STRANGERS)
        source = source_of(self.host, calibration)
        begun = explorer.measure(settings, source)
        try:
            while (run := explorer.measuring).number == begun.number and run.state == "running":
                yield _told(run)
                time.sleep(PACE)
            if run.state == "failed":
                raise run.error
            yield _told(run)
        finally:
            now = explorer.measuring
            if now is not None and now.number == begun.number and now.state == "running":
                explorer.stop_measuring()

    def sweep(self, wish: Wish, who: str) -> Iterator[dict[str, Any]]:
        """Measure a sweep's points; every state holds all points so far. Whoever stops listening stops it.

        Raises:
            EcoflapError: another one goes on, or what cannot be swept, or is too large.
        """
        check(self.host, wish)
        if not self._sweeping.acquire(blocking=False):
            raise EcoflapError("sweep_busy")
        try:
            yield from self.jobs.run(who, SWEEP, lambda tell: self._points(wish, tell))
        finally:
            self._sweeping.release()

    def _points(self, wish: Wish, tell: Tell) -> dict[str, Any]:
        with in_turn(self.host.lines[SWEEP], tell, self.language):
            found, metric = evaluation_set(self.host, wish)
            about = {"data": found.name}

            def told(points: "Sequence[SweepPoint]", step: "SweepStep") -> None:
                progress = {"done": step.done, "total": step.total, "left": _number(step.left)}
                tell({"state": "running"} | about | {"points": [*map(_line, points)]} | progress)

            points = [*map(_line, swept(self.host, wish, found, metric, told))]
        count = len(points) - 1
        return {"state": "done"} | about | {"points": points, "done": count, "total": count, "left": 0.0}


def _told(run: Measurement) -> dict[str, Any]:
    """A run as JSON; with the fingerprint of the bundle once it is there."""
    settings = run.settings
    known = {"method": settings.method, "samples": settings.samples, "seed": settings.seed}
    progress = {"state": run.state, "done": run.done, "total": run.total, "left": _number(run.left)}
    return progress | known | {"fingerprint": run.bundle or None}


def _line(point: "SweepPoint") -> dict[str, Any]:
    """A point as the file has it, but for its key and the marks of single questions."""
    line = {name: value for name, value in asdict(point).items() if name not in ("key", "marks")}
    return line | {"by_type": json.loads(point.by_type)}


def _number(seconds: float) -> float | None:
    """Seconds as JSON can say them."""
    return None if math.isnan(seconds) else round(seconds, 1)


def register(host: Any, jobs: Jobs, language: str, sentence: Any, chosen: Any) -> None:
    """Add /score and /sweep to the current Blocks; `sentence` and `chosen` as in `api`."""
    running, page = Running(host, jobs, language), gr.context.Context.root_block

    def score(
        request: gr.Request,
        method: Literal[
            "zeroth-order", "zeroth-order-block", "first-order", "response", "joint", "local"
        ] = "zeroth-order",
        samples: int = 32,
        seed: int = 0,
        draws: int = 1,
        gradient: Literal["GradOnly", "GradMagAbs", "GradMagSquare"] = "GradMagAbs",
        calibration: str = "",
    ) -> dict:
        """Measure importance scores of every prunable matrix; minutes to hours, one run at a time for everybody.

        Parameters:
            method: how importance is measured; zeroth-order is the paper's.
            samples: calibration samples, 1 to 512; 1 to 64 on a host that is not local.
            seed: of samples and directions.
            draws: random directions per matrix and batch, 1 to 64 (zeroth-order methods); 1 to 16 on a host that is
                not local.
            gradient: which first-order score (first-order).
            calibration: where samples come from, as --calibration takes it; empty for the model's own. On a host that
                is not local only "demo" or empty.

        Returns:
            Progress again and again, at last the fingerprint of the new score bundle.
        """
        wished = {"method": method, "samples": samples, "seed": seed, "draws": draws, "gradient": gradient}
        with sentence(language):
            yield from while_heard(running.score(wished, calibration), page, request)

    def sweep(
        request: gr.Request,
        allocators: list[str] = ["ecoflap", "uniform"],  # noqa: B006 - Gradio shows the default, nobody changes it
        pruners: list[str] = ["wanda"],  # noqa: B006
        targets: list[float] = [0.3, 0.5, 0.7],  # noqa: B006
        questions: int = 100,
        eval_seed: int = 0,
        max_sparsity: float | None = None,
        cap_margin: float = 0.1,
        granularity: Literal["layer", "block", "model"] = "block",
        aggregate: Literal["sum", "avg"] = "sum",
        modalities: list[str] = ["vision", "language"],  # noqa: B006
        data: str = "",
    ) -> dict:
        """Measure accuracy, loss and agreement with the dense model over allocators x pruners x targets.

        Their product is at most 100 points, or 20 on a host that is not local.

        Parameters:
            allocators: such as ecoflap, response, uniform or owl; docs/methods.md lists all.
            pruners: wanda, magnitude, ria, sparsegpt.
            targets: shares of the prunable weights that become zero, 0 to 1.
            questions: of the evaluation set, 1 to 1000; 1 to 200 on a host that is not local.
            eval_seed: which questions.
            max_sparsity: the cap of a group; without it min(1, target + cap_margin).
            cap_margin: how far above the target a group may go.
            granularity: what shares one sparsity.
            aggregate: how the scores of a group are added up.
            modalities: what is pruned, of vision, bridge, language.
            data: the evaluation set, as --calibration takes it; empty for the demo's scenes. On a host that is not
                local only "demo" or empty.

        Returns:
            Progress with all points so far, again and again; the first point is the dense model.
        """
        from ecoflap.sweep import Sweep

        with sentence(language):
            running.check()
            recipe = Recipe(0.0, max_sparsity, cap_margin, "ecoflap", granularity, aggregate, chosen(modalities))
            asked = Sweep(*map(tuple_of, (allocators, pruners, targets)), recipe=recipe)
            who = getattr(request, "session_hash", None) or uuid.uuid4().hex
            yield from while_heard(running.sweep(Wish(asked, questions, eval_seed, data), who), page, request)

    # Whoever comes second is told so at once, instead of waiting in Gradio's queue without a word.
    gr.api(score, api_name="score", concurrency_id="score", concurrency_limit=CALLERS)
    gr.api(sweep, api_name="sweep", concurrency_id="sweep", concurrency_limit=CALLERS)


def tuple_of(values: Any) -> tuple[Any, ...]:
    """A list that a client sent as a tuple; whatever else it sent as the one value that it is."""
    return tuple(values) if isinstance(values, list) else (values,)
