"""Sweep: which methods are to be measured at which targets, and the chart of what they keep."""

import gradio as gr

from ecoflap.texts import say
from ecoflap.types.recipe import CHOICES
from ecoflap.ui.embed import panel
from ecoflap.ui.shared import MODEL, PRIVATE, Shared
from ecoflap.ui.sweep_run import bounds
from ecoflap.ui.sweeping import MOST_SEEDS, Sweeping

# The browser keeps a double click to one; a later click is a wish of its own, and its job ends the one before.
LONG = MODEL | {"trigger_mode": "multiple"}


def build(shared: Shared) -> None:
    """Build the panel inside the current container and wire its events."""
    handlers, language = shared.handlers, shared.language
    sweeping = Sweeping(handlers, shared.jobs)
    pruners = [{"name": name, "words": say(f"page.sweep.pruner.{name}", language)} for name in CHOICES["pruner"]]
    most = bounds(handlers.host.free) | {"seeds": MOST_SEEDS}
    with gr.Column(elem_id="sweep-section", visible=handlers.explorer.has_model):
        sweep = panel("sweep", None, ("measure", "halt"), pruners=pruners, most=most, free=handlers.host.free)
    sweep.measure(sweeping.measure, shared.knobs, sweep, **LONG)
    sweep.halt(sweeping.stop, None, None, queue=False, **PRIVATE)
