"""The page's layout and wiring: panels from their builders, events to their handlers."""

from typing import Any

import gradio as gr

from ecoflap.allocation import ALLOCATORS
from ecoflap.demo.scenes import PALETTE
from ecoflap.texts import say
from ecoflap.types import Layer
from ecoflap.ui import api, ask_panel, figures, rail
from ecoflap.ui.embed import panel
from ecoflap.ui.grid import grid
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.session import DEFAULTS

# Live events skip the queue (a third of its delay), show no spinner over what they update, and keep the last value.
LIVE = {"queue": False, "show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}


def build(explorer: Any, language: str = "en") -> gr.Blocks:
    """The whole page over one explorer; nothing is launched."""
    handlers = Handlers(explorer, language)
    layers = () if handlers.late else handlers.layers()
    with gr.Blocks(
        title=say("page.title", language), analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)
    ) as page:
        # First, so that no event of the page takes the endpoints' names.
        api.register(explorer, language)
        status = panel("status", handlers.status(), model=explorer.name)
        with gr.Row(elem_id="shell"):
            with gr.Column(elem_id="rail"):
                has_bridge = handlers.late or any(layer.modality == "bridge" for layer in layers)
                # What is scored later has scores and nothing else.
                known = layers or (Layer("", "", "vision", 1, 1),)
                allocators = [allocator.name for allocator in ALLOCATORS if not allocator.lacks(known)]
                knobs = rail.build(allocators, has_bridge, language)
            with gr.Column(elem_id="stage"):
                confirmed, skyline, curves = handlers.opening()
                strip = panel("strip", confirmed)
                with gr.Row(elem_id="map-row"):
                    chart = panel(
                        "map",
                        handlers.table(*DEFAULTS.values()),
                        ("settle",),
                        grid=grid(layers, language),
                        palette=figures.PALETTE,
                    )
                    panel("layer")
                shown = figures.build(skyline, curves, language)
                with gr.Column(elem_id="ask-section"):
                    asking = ask_panel.build(explorer.is_demo, _brushes(), language)
        timer = gr.Timer(0.5)
        _wire_recipe(handlers, knobs, chart, strip, shown)
        _wire_ask(handlers, asking, knobs)
        timer.tick(handlers.tick, knobs.knobs, [status, timer, chart], **(LIVE | {"trigger_mode": "once"}))
    return page


def _brushes() -> dict[str, str]:
    """The six colours that the demo model knows, each between its two anchors."""
    return {name: "#" + "".join(f"{(a + b) // 2:02x}" for a, b in zip(*anchors)) for name, anchors in PALETTE.items()}


def _wire_recipe(handlers: Handlers, knobs: rail.Rail, chart: gr.HTML, strip: gr.HTML, shown: list[gr.Plot]) -> None:
    """Moving a knob fetches a table; the browser draws, and a settled hand commits once."""
    others = knobs.knobs[1:]
    gr.on([knob.input for knob in others], handlers.retable, knobs.knobs, [chart, knobs.margin, knobs.cap], **LIVE)
    knobs.reset.click(handlers.reset, None, [chart, *knobs.knobs], **LIVE)
    chart.settle(handlers.commit, others, [strip, *shown], **LIVE)


def _wire_ask(handlers: Handlers, asking: ask_panel.AskPanel, knobs: rail.Rail) -> None:
    """Pictures, questions, answers. Everything that runs the model shares one place in the queue."""
    shown = [asking.token, asking.picker, asking.chips, asking.question, asking.answers]
    asking.picker.choose(handlers.choose, None, shown, **PRIVATE)
    asking.fresh.click(handlers.fresh, None, shown, **PRIVATE)
    asking.editor.drawn(handlers.drawn, None, shown, **PRIVATE)
    # The file is opened by our own bounded opener, never by the component.
    asking.upload.upload(handlers.upload, asking.upload, shown, **PRIVATE)
    gr.on(
        [asking.ask.click, asking.question.submit],
        handlers.ask,
        [asking.token, asking.question, *knobs.knobs],
        asking.answers,
        concurrency_id="model",
        concurrency_limit=1,
        trigger_mode="once",
        **PRIVATE,
    )
