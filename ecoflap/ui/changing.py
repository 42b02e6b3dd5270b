"""What a page hears of its model: loading, scores that arrive late, another model, and how to open that."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ecoflap.allocation import ALLOCATORS
from ecoflap.errors import EcoflapError
from ecoflap.models.registry import DEMO
from ecoflap.texts import say
from ecoflap.types import Layer
from ecoflap.ui import ask_panel, pictures, rail
from ecoflap.ui.handlers import Handlers, sent
from ecoflap.ui.session import DEFAULTS

# Seconds between two looks at the model while it is loading; and while it is not: somebody else may change it.
PACE, IDLE_PACE = 0.5, 3.0


@dataclass(frozen=True)
class News:
    """The components that follow the model; `seen` is what one person's page knows of it."""

    status: gr.HTML
    models: gr.HTML
    chart: gr.HTML
    skyline: gr.Plot
    curves: gr.Plot
    timer: gr.Timer
    seen: gr.State

    @property
    def parts(self) -> list[Any]:
        """In the order in which `Changing.tick` returns them."""
        return [self.status, self.models, self.chart, self.skyline, self.curves, self.timer, self.seen]


class Changing:
    """The events around the model itself."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.host, self.language = handlers, handlers.host, handlers.language

    def models(self) -> dict[str, Any]:
        """What can be opened, and how far opening is."""
        state = self.host.state(self.language)
        listed = [entry | {"name": self._name(entry["spec"])} for entry in self.host.listed()]
        return state | {"listed": listed, "free": self.host.free}

    def _name(self, spec: str) -> str:
        """What people call a model of the list, as the head of the page does."""
        return say("models.demo_name", self.language) if spec == DEMO else spec

    def allocators(self) -> list[str]:
        """The allocators that the bundle has the facts for; what is scored later has scores and nothing else."""
        bundle = self.host.explorer.bundle
        known = bundle.layers if bundle else (Layer("", "", "vision", 1, 1),)
        return [allocator.name for allocator in ALLOCATORS if not allocator.lacks(known)]

    def has_bridge(self) -> bool:
        """Whether there is a bridge to prune, as far as is known."""
        bundle = self.host.explorer.bundle
        return bundle is None or any(layer.modality == "bridge" for layer in bundle.layers)

    def seen(self) -> dict[str, Any]:
        """What a page that shows everything as it is now has seen."""
        return {
            "status": self.handlers.status(),
            "state": self.host.state(self.language),
            "model": self.handlers.model(),
            "asks": ask_panel.model_value(self.host.explorer),
            "pace": self._pace(),
        }

    def _pace(self) -> float:
        busy = self.handlers.status()["state"] == "loading" or self.host.state()["opening"] is not None
        return PACE if busy else IDLE_PACE

    def tick(self, seen: Any, token: Any, *knobs: Any) -> tuple[Any, ...]:
        """Whatever has changed since this page last looked: status, models, table with layers, pace, knobs, asking."""
        now = self.seen()
        old = seen if isinstance(seen, dict) else {}
        news = {key for key, value in now.items() if value != old.get(key)}
        if not news:
            return (gr.skip(),) * 15
        changed = "model" in news
        return (
            now["status"] if "status" in news else gr.skip(),
            self.models() if "state" in news or changed else gr.skip(),
            self._table(knobs) if changed else gr.skip(),
            *(self._figures() if changed else (gr.skip(),) * 2),
            gr.Timer(now["pace"]) if "pace" in news else gr.skip(),
            now,
            *(self._knobs(knobs) if changed else (gr.skip(),) * 2),
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

    def _table(self, knobs: tuple[Any, ...]) -> dict[str, Any]:
        """The table with the layers that it is about; knobs that the new model lacks are at their defaults."""
        return self.handlers.table(*self._possible(knobs)) | {"grid": self.handlers.grid()}

    def _figures(self) -> tuple[Any, Any]:
        """Skyline and curves: empty while there are no scores; else they follow when the browser has the table."""
        return (gr.skip(), gr.skip()) if self.host.explorer.bundle is not None else (None, None)

    def _possible(self, knobs: tuple[Any, ...]) -> list[Any]:
        """The knobs, an allocator that the bundle lacks the facts for replaced by the default one."""
        place = list(DEFAULTS).index("allocator")
        values = list(knobs)
        if values[place] not in self.allocators():
            values[place] = DEFAULTS["allocator"]
        return values

    def _knobs(self, knobs: tuple[Any, ...]) -> tuple[Any, Any]:
        """The allocator's choices and the switch of the bridge."""
        values = dict(zip(DEFAULTS, self._possible(knobs)))
        choices = rail.worded("allocator", self.allocators(), self.language)
        return gr.update(choices=choices, value=values["allocator"]), gr.update(visible=self.has_bridge())

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
