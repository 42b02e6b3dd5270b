"""Measuring scores from the page: a dialog for the method and its settings, and how far the run is."""

import uuid
from typing import Any

import gradio as gr

from ecoflap.data.registry import DEMO
from ecoflap.errors import EcoflapError
from ecoflap.importance.settings import GRADIENTS, Settings
from ecoflap.measuring import Measurement, precision
from ecoflap.texts import say
from ecoflap.types import Layer
from ecoflap.types.bundle import chosen
from ecoflap.ui.embed import panel
from ecoflap.ui.handlers import Handlers, sent
from ecoflap.ui.session import uploaded
from ecoflap.ui.shared import IN_TURN, LIVE, Shared
from ecoflap.ui.sources import choices, method_words
from ecoflap.ui.wishes import METHODS, MOST, settings_of, source_of

# Seconds between two looks while something runs.
PACE = 0.5


def build(shared: Shared, timer: gr.Timer) -> gr.HTML:
    """Build the dialog and wire its events; `timer` looks more often as soon as a run begins."""
    scoring = Scoring(shared.handlers)
    offered = {"methods": methods(shared.language), "gradients": gradients(shared.language), "most": MOST}
    events = ("measure", "halt", "cost", "file")
    shown = panel("scoring", value(shared.handlers), events, **offered, defaults=defaults())
    rail = shared.rail
    shown.measure(scoring.measure, rail.scores, [shown, timer], **LIVE)
    shown.halt(scoring.halt, rail.scores, shown, **LIVE)
    shown.cost(scoring.cost, rail.scores, shown, **IN_TURN)
    shown.file(scoring.file, rail.scores, shown, **LIVE)
    rail.score_file.upload(scoring.upload, [rail.score_file, rail.scores], shown, **LIVE)
    return shown


def methods(language: str) -> list[dict[str, str]]:
    """Every method with its words, a sentence on it, and the field of the dialog that it alone has."""
    fields = {"zeroth-order": "draws", "zeroth-order-block": "draws", "first-order": "gradient"}
    return [
        {
            "name": name,
            "words": method_words(name, language),
            "about": say(f"page.scoring.about.{name}", language),
            "field": fields.get(name, ""),
        }
        for name in METHODS
    ]


def gradients(language: str) -> list[dict[str, str]]:
    """The first-order scores with their words."""
    return [{"name": name, "words": say(f"page.scoring.gradient.{name}", language)} for name in GRADIENTS]


def defaults() -> dict[str, Any]:
    """What the dialog opens with."""
    settings = Settings()
    return {name: getattr(settings, name) for name in ("method", "samples", "seed", "draws", "gradient")}


def glance(explorer: Any) -> list[Any]:
    """What tells one moment of a run from another, cheaply."""
    run = explorer.measuring
    if run is None:
        return []
    explorer.measurements.known()  # which is looked at now and then only, so it may follow a unit later
    return [explorer.spec, run.number, run.state, run.done, run.total, explorer.measurements.news]


def running(explorer: Any) -> bool:
    """Whether scores are being measured."""
    return explorer.measuring is not None and explorer.measuring.state == "running"


def value(handlers: Handlers, scores: str = "") -> dict[str, Any]:
    """The run as the dialog, the rail and the map show it; `scores` are those that the page's layers are of."""
    explorer, language = handlers.explorer, handlers.language
    run = explorer.measuring
    return {
        "free": handlers.host.free,
        "sources": _sources(handlers),
        "choices": [list(choice) for choice in choices(explorer, language)],
        "run": None if run is None else _run(run, explorer, language),
        "map": _map(handlers, scores) if run is not None else None,
    }


def _sources(handlers: Handlers) -> list[dict[str, str]]:
    """Where samples may come from without being named: what the model brings, and the drawn scenes."""
    own = handlers.explorer.calibration
    words = say("page.scoring.source.demo", handlers.language)
    first = words if own in (None, DEMO) else say("page.scoring.source.own", handlers.language)
    more = [] if first == words else [{"value": DEMO, "words": words}]
    return [{"value": "", "words": first}, *more]


def _run(run: Measurement, explorer: Any, language: str) -> dict[str, Any]:
    """A run in words and figures."""
    facts = {"method": method_words(run.settings.method, language), "done": run.done, "total": run.total}
    known = precision(explorer.measurements.known())
    return {
        "number": run.number,
        "state": run.state,
        "done": run.done,
        "total": run.total,
        "left": _left(run, language),
        "title": say("page.scoring.title_of", language, **facts, samples=run.settings.samples, seed=run.settings.seed),
        "words": _words(run, facts, language),
        "knob": "" if explorer.bundle is not None and explorer.bundle.fingerprint == run.bundle else run.bundle,
        "precision": known,
        "single": single(run.settings),
        "history": [[round(share, 4), round(error, 5)] for share, error in explorer.measurements.history],
    }


def _words(run: Measurement, facts: dict[str, Any], language: str) -> str:
    """How far a run is, or how it ended."""
    if run.state == "failed":
        return run.error.text(language)
    if run.state == "done":
        return say("page.scoring.done" if run.total else "page.scoring.cached", language, **facts)
    if run.state == "stopped":
        return say("page.scoring.stopped", language, **facts)
    if not run.total:
        return say("page.scoring.preparing", language)
    left = _left(run, language)
    words = say("page.scoring.running.left" if left else "page.scoring.running", language, **facts, left=left)
    return f"{words} {say('page.scoring.resumed', language, count=run.resumed)}" if run.resumed else words


def _left(run: Measurement, language: str) -> str:
    """The time to the end of a run in words; empty while nobody knows."""
    return "" if run.left != run.left or run.state != "running" else duration("page.scoring.left", run.left, language)


def single(settings: Settings) -> bool:
    """Whether every layer would be measured once, so that nobody could tell how well: one batch, one direction."""
    if settings.samples > settings.batch_size or settings.method == "response":
        return False
    return settings.method == "first-order" or settings.draws == 1


def duration(key: str, seconds: float, language: str) -> str:
    """The sentence `key` with seconds as people say them."""
    if seconds < 60:
        time = say("page.scoring.soon", language)
    elif seconds < 90 * 60:
        time = say("page.scoring.minutes", language, minutes=max(1, round(seconds / 60)))
    else:
        time = say("page.scoring.hours", language, hours=f"{seconds / 3600:.1f}")
    return say(key, language, time=time)


def _map(handlers: Handlers, scores: str) -> dict[str, Any] | None:
    """Score and standard error of the page's layers, in their order, as far as they are measured; None without any."""
    explorer = handlers.explorer
    shown = chosen(explorer.bundles, scores).layers if explorer.bundles else explorer.layers
    known = {layer.name: layer for layer in explorer.measurements.known() if layer is not None}
    if not shown:
        return None
    found = [known.get(layer.name) for layer in shown]
    parts = {"scores": "score", "stderr": "stderr"}
    return {part: [_short(layer, name) for layer in found] for part, name in parts.items()} | {
        "of": handlers.host.generation
    }


def _short(layer: Layer | None, name: str) -> float | None:
    """A number of a layer to five digits: more is not seen."""
    number = None if layer is None else getattr(layer, name)
    return None if number is None else float(f"{number:.5g}")


class Scoring:
    """The dialog's events. `asked` comes back with the answer, so that a page knows what it is about."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.host, self.language = handlers, handlers.host, handlers.language

    def measure(self, event: gr.EventData, scores: Any) -> tuple[Any, Any]:
        """Begin to measure by the settings that the browser sent."""
        asked = {"asked": sent(event, "asked")}
        try:
            settings = self.settings(event)
            words = self._cost(settings)
            begun = self.host.explorer.measure(settings, self.source(sent(event, "source")))
        except EcoflapError as error:
            return self._now(scores) | asked | {"error": error.text(self.language)}, gr.skip()
        return self._now(scores) | asked | {"mine": begun.number, "cost": words}, gr.Timer(PACE)

    def halt(self, scores: Any) -> dict[str, Any]:
        """Stop the run; anybody may, since nothing that is measured is lost."""
        self.host.explorer.stop_measuring()
        return self._now(scores)

    def cost(self, event: gr.EventData, scores: Any) -> dict[str, Any]:
        """What a run by these settings would take."""
        asked = {"priced": sent(event, "asked"), "ticket": sent(event, "ticket")}
        try:
            words = self._cost(self.settings(event))
        except EcoflapError as error:
            return self._now(scores) | asked | {"cost": "", "error": error.text(self.language)}
        return self._now(scores) | asked | {"cost": words}

    def _cost(self, settings: Settings) -> str:
        """What a run would take, and what it would not tell."""
        found = self.host.explorer.cost(settings)
        facts = {"units": f"{found.units:,}", "forwards": f"{found.forwards:,.0f}"}
        words = say("page.scoring.cost", self.language, **facts)
        if found.seconds is None:
            more = [say("page.scoring.unknown", self.language)]
        else:
            more = [duration("page.scoring.takes", found.seconds, self.language)]
        if single(settings):
            key = "page.scoring.single.draws" if settings.method.startswith("zeroth") else "page.scoring.single"
            more.append(say(key, self.language, most=settings.batch_size))
        return " ".join([words, *more])

    def settings(self, event: gr.EventData) -> Settings:
        """The settings that the browser sent.

        Raises:
            EcoflapError: a number that the dialog does not offer, or a method that there is not.
        """
        return settings_of({name: sent(event, name) for name in (*MOST, "method", "gradient")})

    def source(self, named: Any) -> str | None:
        """Where the samples come from; None for what the model brings.

        Raises:
            EcoflapError: a stranger names what the page does not list.
        """
        return source_of(self.host, named)

    def upload(self, file: Any, scores: Any) -> dict[str, Any]:
        """Add the scores in a file; the page that sent it then uses them."""
        about = {"stamp": uuid.uuid4().hex}
        try:
            bundle = self.host.explorer.add_scores(uploaded(file))
        except EcoflapError as error:
            return self._now(scores) | {"added": about | {"error": error.text(self.language)}}
        return self._now(scores) | {"added": about | {"bundle": self._knob(bundle.fingerprint)}}

    def _knob(self, fingerprint: str) -> str:
        """The knob's value for a bundle: empty for the first one."""
        return "" if self.host.explorer.bundle.fingerprint == fingerprint else fingerprint

    def file(self, scores: Any) -> dict[str, Any]:
        """The chosen scores as the text of their file, for the browser to save."""
        about = {"stamp": uuid.uuid4().hex}
        try:
            self.handlers.layers(scores)
        except EcoflapError as error:
            return self._now("") | {"saved": about | {"error": error.text(self.language)}}
        bundle = chosen(self.host.explorer.bundles, scores)
        saved = {"name": f"scores-{bundle.method}-{bundle.fingerprint}.json", "text": bundle.text()}
        return self._now(scores) | {"saved": about | saved}

    def _now(self, scores: Any) -> dict[str, Any]:
        """The panel's value; scores that are no longer there are those by default."""
        known = [bundle.fingerprint for bundle in self.host.explorer.bundles]
        return value(self.handlers, scores if scores in known else "")
