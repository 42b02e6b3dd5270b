"""The left rail: the target, and every knob that a recipe has, in a student's words."""

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from ecoflap.texts import say
from ecoflap.ui.embed import panel
from ecoflap.ui.session import DEFAULTS


@dataclass(frozen=True)
class Rail:
    """The rail's components; `knobs` are in the order of session.DEFAULTS."""

    percent: gr.Slider
    cap_mode: gr.Radio
    margin: gr.Slider
    cap: gr.Slider
    granularity: gr.Radio
    allocator: gr.Radio
    bridge: gr.Checkbox
    reset: gr.Button

    @property
    def knobs(self) -> list[gr.Component]:
        """What a recipe is made of."""
        return [getattr(self, name) for name in DEFAULTS]


def build(allocators: Sequence[str], has_bridge: bool, language: str) -> Rail:
    """Build the rail inside the current container; `allocators` are those that the bundle has the facts for."""

    def word(key: str) -> str:
        return say(f"page.rail.{key}", language)

    def choices(key: str, names: Sequence[str]) -> list[tuple[str, str]]:
        return [(word(f"{key}.{name}"), name) for name in names]

    panel("headline")
    percent = _slider(word("target"), 95, DEFAULTS["percent"], "target", show_label=False)
    panel("problem")
    with gr.Column(elem_id="knobs"):
        allocator = gr.Radio(
            choices("allocator", allocators),
            value=DEFAULTS["allocator"],
            label=word("allocator"),
            info=word("allocator.info"),
            elem_id="allocator",
        )
        granularity = gr.Radio(
            choices("granularity", ("layer", "block", "model")),
            value=DEFAULTS["granularity"],
            label=word("granularity"),
            info=word("granularity.info"),
            elem_id="granularity",
        )
        cap_mode = gr.Radio(
            choices("cap_mode", ("margin", "fixed")),
            value=DEFAULTS["cap_mode"],
            label=word("cap_mode"),
            info=word("cap_mode.info"),
            elem_id="cap-mode",
        )
        margin = _slider(word("margin"), 50, DEFAULTS["margin"], "margin")
        cap = _slider(word("cap"), 100, DEFAULTS["cap"], "cap", visible=False)
        bridge = gr.Checkbox(
            DEFAULTS["bridge"], label=word("bridge"), info=word("bridge.info"), elem_id="bridge", visible=has_bridge
        )
        reset = gr.Button(word("reset"), size="sm", variant="secondary", elem_id="reset")
    return Rail(percent, cap_mode, margin, cap, granularity, allocator, bridge, reset)


def _slider(label: str, most: int, value: int, name: str, **settings: bool) -> gr.Slider:
    """A slider over whole per cents."""
    return gr.Slider(0, most, value, step=1, label=label, elem_id=name, interactive=True, buttons=[], **settings)
