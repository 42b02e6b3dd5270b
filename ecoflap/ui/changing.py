"""What a page hears of its model: loading, scores that arrive late, another model, and how to open that."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ecoflap.errors import EcoflapError
from ecoflap.models.registry import DEMO
from ecoflap.texts import say, told
from ecoflap.ui import ask_panel, pictures, scoring_panel
from ecoflap.ui.handlers import SCORES, Handlers, sent
from ecoflap.ui.session import DEFAULTS
from ecoflap.ui.sources import choices

# Seconds between two looks at the model while it is loading; and while it is not: somebody else may change it.
PACE, IDLE_PACE = 0.5, 3.0


@dataclass(frozen=True)
class News:
    """The components that follow the model; `seen` is what one person's page knows of it."""

    status: gr.HTML
    models: gr.HTML
    chart: gr.HTML
    figures: gr.HTML
    timer: gr.Timer
    seen: gr.State

    @property
    def parts(self) -> list[Any]:
        """In the order in which `Changing.tick` returns them."""
        return [self.status, self.models, self.chart, self.figures, self.timer, self.seen]


class Changing:
    """The events around the model itself."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.host, self.language = handlers, handlers.host, handlers.language

    def models(self) -> dict[str, Any]:
        """What can be opened, and how far opening is."""
        state = self.host.state(self.language)
        listed = [self._listed(entry) for entry in self.host.listed()]
        return state | {"listed": listed, "free": self.host.free}

    def _listed(self, entry: dict[str, Any]) -> dict[str, Any]:
        """A model of the list with its name, as the head of the page has it, and why it cannot be opened."""
        spec = entry["spec"]
        name = say("models.demo_name", self.language) if spec == DEMO else spec
        return entry | {"name": name, "why": told(entry["why"], self.language)}

    def has_bridge(self) -> bool:
        """Whether there is a bridge to prune, as far as is known."""
        layers = self.host.explorer.layers
        return not layers or any(layer.modality == "bridge" for layer in layers)

    def seen(self) -> dict[str, Any]:
        """What a page that shows everything as it is now has seen."""
        return {
            "status": self.handlers.status(),
            "state": self.host.state(self.language),
            "model": self.handlers.model(),
            "asks": ask_panel.model_value(self.host.explorer),
            "pace": self._pace(),
            "scores": [list(choice) for choice in choices(self.host.explorer, self.language)],
            "measuring": scoring_panel.glance(self.host.explorer),
        }

    def _pace(self) -> float:
        busy = self.handlers.status()["state"] == "loading" or self.host.state()["opening"] is not None
        return PACE if busy or scoring_panel.running(self.host.explorer) else IDLE_PACE

    def tick(self, seen: Any, token: Any, *knobs: Any) -> tuple[Any, ...]:
        """Whatever has changed since this page last looked: status, models, table with layers, pace, knobs, asking."""
        now = self.seen()
        old = seen if isinstance(seen, dict) else {}
        news = {key for key, value in now.items() if value != old.get(key)}
        if not news:
            return (gr.skip(),) * 17
        values = self.handlers.possible(knobs)
        # Another model, or scores that were chosen and are no longer there.
        changed = "model" in news or values[SCORES] != knobs[SCORES]
        return (
            now["status"] if "status" in news else gr.skip(),
            self.models() if "state" in news or changed else gr.skip(),
            self._table(values) if changed else gr.skip(),
            self._figures() if changed else gr.skip(),
            gr.Timer(now["pace"]) if "pace" in news else gr.skip(),
            now,
            *(self._knobs(values, knobs) if changed else (gr.skip(),) * 3),
            self._sources(values, changed) if changed or "scores" in news else gr.skip(),
            scoring_panel.value(self.handlers, values[SCORES]) if changed or "measuring" in news else gr.skip(),
            *(self._asking(now["asks"], old.get("asks"), token) if "asks" in news else (gr.skip(),) * 6),
        )

    def _asking(self, value: dict[str, Any], old: Any, token: dict[str, Any]) -> tuple[Any, ...]:
        """The Ask section for another model; where only more is known of the same kind, what was typed stays."""
        if isinstance(old, dict) and (old.get("kind"), old.get("demo")) == (value["kind"], value["demo"]):
            return value, *(gr.skip(),) * 5
        try:
            opened = self.handlers.opened(token)
        except EcoflapError:  # an upload that is no longer there
            opened = pictures.opening(value["kind"], value["demo"], self.language)
        return ask_panel.followed(value, opened, self.language)

    def _table(self, knobs: list[Any]) -> dict[str, Any]:
        """The table with the layers that it is about."""
        return self.handlers.table(*knobs) | {"grid": self.handlers.grid(knobs[SCORES])}

    def _figures(self) -> Any:
        """The figures: none while there are no scores; else they follow when the browser has the table."""
        return gr.skip() if self.host.explorer.bundle is not None else None

    def _knobs(self, knobs: list[Any], before: tuple[Any, ...]) -> tuple[Any, Any, Any]:
        """The allocator's choices, the switch of the bridge, and the locks."""
        values = dict(zip(DEFAULTS, knobs))
        offered = self.handlers.offered(values["scores"])["allocator"]
        bridge = gr.update(visible=self.has_bridge())
        locks = gr.skip() if values["overrides"] in before else values["overrides"]
        return gr.update(**offered, value=values["allocator"]), bridge, locks

    def _sources(self, knobs: list[Any], changed: bool) -> Any:
        """The scores to choose among; what is chosen stays as long as it is there."""
        return gr.update(**self.handlers.offered()["scores"], **({"value": knobs[SCORES]} if changed else {}))

    def open(self, event: gr.EventData) -> tuple[Any, Any]:
        """Open the model that the dialog names; the answer says by its number which asking it is about."""
        asked = {"asked": sent(event, "asked")}
        try:
            self.host.open(sent(event, "spec"), sent(event, "calibration"))
        except EcoflapError as error:
            return self.models() | asked | {"error": error.text(self.language)}, gr.skip()
        return self.models() | asked, gr.Timer(PACE)

    def halt(self) -> dict[str, Any]:
        """Stop opening."""
        self.host.cancel()
        return self.models()
