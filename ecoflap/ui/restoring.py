"""Every knob at once: undo, redo, reset, locks and the pinned recipe, each sent by the browser as a whole."""

from typing import Any

import gradio as gr

from ecoflap.allocation import ALLOCATORS
from ecoflap.errors import EcoflapError
from ecoflap.ui import session
from ecoflap.ui.handlers import ALLOCATOR, PATTERN, SCORES, Handlers, sent


class Restoring:
    """The events that set the rail. The browser remembers what was; a recipe stays a pure function of its inputs."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.language = handlers, handlers.language

    def restore(self, event: gr.EventData, *knobs: Any) -> tuple[Any, ...]:
        """The table, the pattern's note and the knobs: by name what the browser sent (`values`), else as in `knobs`.

        Knobs that it did not send stay as they are: a hand may have moved one meanwhile. The answer carries the
        `ticket` of the question, so that the browser knows which of its wishes came true. Other scores than those in
        `knobs` come with their layers.
        """
        ticket, values = {"ticket": sent(event, "ticket")}, sent(event, "values")
        shown = dict(zip(session.DEFAULTS, knobs))
        named = values if isinstance(values, dict) else {}
        try:
            wanted = session.knobs_of(shown | named)
            return self._set(wanted, named, ticket, shown.get("scores") or "")
        except EcoflapError as error:  # also of scores that go while this is made
            return self._refused(error.text(self.language), ticket)

    def _refused(self, why: str, ticket: dict[str, Any]) -> tuple[Any, ...]:
        """One sentence, and nothing moves."""
        return {"error": why} | ticket, *(gr.skip(),) * (1 + len(session.DEFAULTS))

    def _set(self, wanted: list[Any], named: dict[str, Any], ticket: dict[str, Any], scores: Any) -> tuple[Any, ...]:
        """The `named` knobs at the wanted values; the browser adopts the target that comes with the table.

        Scores that lack the facts for the allocator are allocated by the default one.
        """
        knobs = self._fitting(wanted)
        table = self.handlers.table(*knobs)
        why = table.get("error") or self._unreachable(table, knobs)
        if why is not None:  # such as a lock that leaves the rest no solution
            return self._refused(why, ticket)
        if knobs[SCORES] != scores:
            table |= {"grid": self.handlers.grid(knobs[SCORES])}
        adopt = {"adopt": knobs[0]} if "percent" in named else {}
        moved = {name for name, before, now in zip(session.DEFAULTS, wanted, knobs) if now != before} | named.keys()
        return adopt | table | ticket, *self._updates(knobs, moved)

    def _updates(self, knobs: list[Any], moved: set[str]) -> list[Any]:
        """The pattern's note and every knob, those that were not `moved` as they are."""
        fixed, free = knobs[1] == "fixed", knobs[PATTERN] == session.DEFAULTS["pattern"]
        shown = {"margin": {"visible": not fixed}, "cap": {"visible": fixed}}
        shown |= self.handlers.offered(knobs[SCORES])
        freed = ("percent", "allocator", "cap_mode", "margin", "cap", "granularity")
        moved = moved | set(freed) if "pattern" in moved else moved
        moved = moved | {"margin", "cap"} if "cap_mode" in moved else moved
        updates = [gr.update(visible=not free) if "pattern" in moved else gr.skip()]
        for name, value in zip(session.DEFAULTS, knobs):
            more = {"interactive": free} if name in freed else {}
            set_to = value if name == "overrides" else gr.update(value=value, **shown.get(name, {}), **more)
            updates.append(set_to if name in moved else gr.skip())
        return updates

    def _fitting(self, knobs: list[Any]) -> list[Any]:
        """The knobs with an allocator that the scores have the facts for, as far as both are known."""
        known, values = [allocator.name for allocator in ALLOCATORS], list(knobs)
        possible = self.handlers.possible(knobs)
        if possible[SCORES] == knobs[SCORES] and knobs[ALLOCATOR] in known:
            values[ALLOCATOR] = possible[ALLOCATOR]
        return values

    def _unreachable(self, table: dict[str, Any], knobs: list[Any]) -> str | None:
        """Why the target of the knobs is out of reach; None where it is not."""
        if table["reachable"][round(100 * session.recipe_of(*knobs).target)]:
            return None
        try:
            self.handlers.explorer.allocate(session.recipe_of(*knobs))
        except EcoflapError as error:
            return error.text(self.language)
        return None

    def pin(self, event: gr.EventData) -> tuple[Any, dict[str, Any]]:
        """What A is from now on: the knobs in order, or None; a recipe that cannot be is not pinned.

        Then the `ticket` of the question, so that the browser knows that it was heard.
        """
        values, ticket = sent(event, "values"), {"ticket": sent(event, "ticket")}
        try:
            return None if values is None else session.knobs_of(values), ticket
        except EcoflapError:
            return gr.skip(), ticket
