"""Breaking point and what broke it: two actions beneath the answers, and what they find."""

from ecoflap.ui.embed import panel
from ecoflap.ui.laddering import Laddering
from ecoflap.ui.shared import MODEL, PRIVATE, Shared

# The browser keeps a double click to one; a later click is a wish of its own, and its job ends the one before.
LONG = MODEL | {"trigger_mode": "multiple"}


def build(shared: Shared) -> None:
    """Build the panels inside the current container and wire their events; `shared.asking` is there."""
    laddering = Laddering(shared.handlers, shared.jobs)
    ladder = panel("ladder", None, ("climb", "halt"))
    blame = panel("blame", None, ("explain", "halt"))
    asked = [shared.asking.token, shared.asking.question, *shared.knobs]
    ladder.climb(laddering.climb, asked, ladder, **LONG)
    blame.explain(laddering.explain, asked, blame, **LONG)
    for part in (ladder, blame):
        part.halt(laddering.stop, None, None, queue=False, **PRIVATE)
    # What is known is of one picture.
    shared.asking.token.change(laddering.forget, None, [ladder, blame], queue=False, **PRIVATE)
