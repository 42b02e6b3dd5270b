"""What every panel of the page needs of the others."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ecoflap.ui.ask_panel import AskPanel
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs
from ecoflap.ui.rail import Rail

# Live events skip the queue (a third of its delay), show no spinner over what they update, and keep the last value.
LIVE = {"queue": False, "show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}
# The browser itself sends one at a time (assets/sending.js), the next one while the answer is being taken over: with
# "always_last" Gradio sends the first one's event data again.
IN_TURN = LIVE | {"trigger_mode": "multiple"}
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
# What runs the model waits in a line of ours (ecoflap/turns.py), which says how many people are before one; Gradio's
# own queue says nothing on the page, so it lets all of them through.
PEOPLE = 100
# Clients of the API at each of what takes long.
CALLERS = 40
MODEL = {"concurrency_id": "page", "concurrency_limit": PEOPLE, "trigger_mode": "once"} | PRIVATE


@dataclass(frozen=True)
class Shared:
    """Parts that exist before a panel is built; `asking` once the Ask section does.

    Attributes:
        handlers: the page's events.
        jobs: long work by session.
        rail: the knobs.
        chart: the allocation map, whose value is the table.
        pinned: the knobs of the recipe pinned as A, in the order of session.DEFAULTS, or None.
        language: of the words.
        asking: the Ask section.
    """

    handlers: Handlers
    jobs: Jobs
    rail: Rail
    chart: gr.HTML
    pinned: gr.State
    language: str
    asking: AskPanel | None = None

    @property
    def knobs(self) -> list[Any]:
        """The knobs that make a recipe, in the order of session.DEFAULTS."""
        return self.rail.knobs
