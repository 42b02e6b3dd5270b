"""Every knob at once: undo, redo, reset, locks and the pinned recipe, each sent by the browser as a whole."""

from typing import Any

import gradio as gr

from ecoflap.errors import EcoflapError
from ecoflap.ui import session
from ecoflap.ui.handlers import PATTERN, Handlers, sent


class Restoring:
    """The events that set the rail. The browser remembers what was; a recipe stays a pure function of its inputs."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.language = handlers, handlers.language

    def restore(self, event: gr.EventData) -> tuple[Any, ...]:
        """The table, the pattern's note and every knob as the browser remembers them by name (`values`)."""
        try:
            knobs = session.knobs_of(sent(event, "values"))
        except EcoflapError as error:
            return {"error": error.text(self.language)}, *(gr.skip(),) * (1 + len(session.DEFAULTS))
        return self._set(knobs)

    def reset(self) -> tuple[Any, ...]:
        """Every knob as at the start."""
        return self._set(list(session.DEFAULTS.values()))

    def _set(self, knobs: list[Any]) -> tuple[Any, ...]:
        """Knobs at these values; the browser adopts the target that comes with the table."""
        table = self.handlers.table(*knobs)
        if "error" in table:  # such as a lock that leaves the rest no solution: nothing moves
            return table, *(gr.skip(),) * (1 + len(knobs))
        fixed, free = knobs[1] == "fixed", knobs[PATTERN] == session.DEFAULTS["pattern"]
        shown = {"margin": {"visible": not fixed}, "cap": {"visible": fixed}}
        freed = ("percent", "allocator", "cap_mode", "margin", "cap", "granularity")
        updates = []
        for name, value in zip(session.DEFAULTS, knobs):
            more = {"interactive": free} if name in freed else {}
            updates.append(value if name == "overrides" else gr.update(value=value, **shown.get(name, {}), **more))
        return {"adopt": knobs[0]} | table, gr.update(visible=not free), *updates

    def pin(self, event: gr.EventData) -> Any:
        """What A is from now on: the knobs in order, or None; a recipe that cannot be is not pinned."""
        values = sent(event, "values")
        try:
            return None if values is None else session.knobs_of(values)
        except EcoflapError:
            return gr.skip()
