"""The page's layout and wiring: panels from their builders, events to their handlers."""

from typing import Any

import gradio as gr

from ecoflap.demo.scenes import PALETTE
from ecoflap.host import Host
from ecoflap.texts import say
from ecoflap.ui import api, ask_panel, figures, rail
from ecoflap.ui.changing import PACE, Changing, News
from ecoflap.ui.embed import panel
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.session import DEFAULTS

# Live events skip the queue (a third of its delay), show no spinner over what they update, and keep the last value.
LIVE = {"queue": False, "show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}


def build(explorer: Any, language: str = "en", **hosting: Any) -> gr.Blocks:
    """The whole page over one explorer; nothing is launched. `hosting` says what else may be opened, as for `Host`."""
    host = Host(explorer, **hosting)
    handlers = Handlers(host, language)
    changing = Changing(handlers)
    # Before any part is built: what the model does meanwhile is news to the page.
    seen = changing.seen()
    with gr.Blocks(
        title=say("page.title", language), analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)
    ) as page:
        # First, so that no event of the page takes the endpoints' names.
        api.register(host, language)
        status = panel("status", handlers.status())
        models = panel("models", changing.models(), ("replace", "halt"))
        with gr.Row(elem_id="shell"):
            with gr.Column(elem_id="rail"):
                knobs = rail.build(changing.allocators(), changing.has_bridge(), language)
            with gr.Column(elem_id="stage"):
                confirmed, skyline, curves = handlers.opening()
                strip = panel("strip", confirmed)
                with gr.Row(elem_id="map-row"):
                    opened = {"grid": handlers.grid()}
                    table = handlers.table(*DEFAULTS.values())
                    chart = panel("map", table, ("settle",), palette=figures.PALETTE, **opened)
                    panel("layer")
                shown = figures.build(skyline, curves, language)
                asks = ask_panel.model_value(explorer)
                with gr.Column(elem_id="ask-section", elem_classes=f"kind-{asks['kind']}"):
                    asking = ask_panel.build(asks, _brushes(), language)
        _wire_recipe(handlers, knobs, chart, strip, shown)
        _wire_ask(handlers, asking, knobs)
        news = News(status, models, chart, *shown, gr.Timer(PACE), gr.State(seen))
        _wire_models(changing, news, knobs, asking, page)
    return page


def _brushes() -> dict[str, str]:
    """The six colours that the demo model knows, each between its two anchors."""
    return {name: "#" + "".join(f"{(a + b) // 2:02x}" for a, b in zip(*anchors)) for name, anchors in PALETTE.items()}


def _wire_recipe(handlers: Handlers, knobs: rail.Rail, chart: gr.HTML, strip: gr.HTML, shown: list[gr.Plot]) -> None:
    """Moving a knob fetches a table; the browser draws, and a settled hand commits once."""
    others = knobs.knobs[1:]
    gr.on([knob.input for knob in others], handlers.retable, knobs.knobs, [chart, *knobs.freed], **LIVE)
    knobs.reset.click(handlers.reset, None, [chart, knobs.note, *knobs.knobs], **LIVE)
    chart.settle(handlers.commit, others, [strip, *shown], **LIVE)


def _wire_models(changing: Changing, news: News, knobs: rail.Rail, asking: ask_panel.AskPanel, page: gr.Blocks) -> None:
    """What the page hears of the model without having asked, and opening another one."""
    news.models.replace(changing.open, None, [news.models, news.timer], **LIVE)
    news.models.halt(changing.halt, None, news.models, **LIVE)
    inputs = [news.seen, asking.token, *knobs.knobs]
    outputs = [*news.parts, knobs.allocator, knobs.bridge, *asking.parts]
    news.timer.tick(changing.tick, inputs, outputs, **(LIVE | {"trigger_mode": "once"}))
    # Who opens the page later gets what was built once, and at once what has changed since.
    page.load(changing.tick, inputs, outputs, queue=False, **PRIVATE)


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
