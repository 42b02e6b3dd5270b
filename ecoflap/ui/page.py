"""The page's layout and wiring: panels from their builders, events to their handlers."""

import json
from dataclasses import replace
from typing import Any

import gradio as gr

from ecoflap.demo.scenes import PALETTE
from ecoflap.host import Host
from ecoflap.texts import LANGUAGES, say
from ecoflap.ui import (
    api,
    ask_panel,
    batch_panel,
    compare_panel,
    export_panel,
    figures,
    ladder_panel,
    layer_panel,
    learn_panel,
    link_panel,
    rail,
    scoring_panel,
    sweep_panel,
)
from ecoflap.ui.asking import Asking
from ecoflap.ui.changing import Changing, News
from ecoflap.ui.embed import panel
from ecoflap.ui.guard import guard
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs
from ecoflap.ui.restoring import Restoring
from ecoflap.ui.session import DEFAULTS
from ecoflap.ui.shared import IN_TURN, LIVE, MODEL, PRIVATE, Shared
from ecoflap.ui.sources import choices


def build(explorer: Any, **hosting: Any) -> gr.Blocks:
    """The whole page over one explorer, once in every language; nothing is launched.

    English is at the address itself, every other language below it (`/zh`). All of them share the model, what is
    measured and what runs.

    Args:
        explorer: open or opening.
        hosting: what else may be opened, as for `Host`.
    """
    host, jobs = Host(explorer, **hosting), Jobs()
    first, *others = LANGUAGES
    with gr.Blocks(
        title=say("page.title", first), analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)
    ) as page:
        # First, so that no event of the page takes the endpoints' names.
        api.register(host, jobs, first)
        page.unload(jobs.leave)
        _fill(page, host, jobs, first)
    for language in others:
        with page.route(language, language, show_in_navbar=False):
            _fill(page, host, jobs, language)
    guard(page)
    return page


def _fill(page: gr.Blocks, host: Host, jobs: Jobs, language: str) -> None:
    """Everything that the page shows in one language, inside its Blocks or route."""
    explorer, handlers = host.explorer, Handlers(host, language)
    changing = Changing(handlers)
    # Before any part is built: what the model does meanwhile is news to the page.
    seen = changing.seen()
    page.temp_file_sets.append(handlers.written)
    status = panel("status", handlers.status())
    models = panel("models", changing.models(), ("replace", "halt"))
    panel("tour")
    link_panel.build()
    with gr.Row(elem_id="shell"):
        with gr.Column(elem_id="rail"):
            knobs = rail.build(handlers.allocators(), changing.has_bridge(), choices(explorer, language), language)
        with gr.Column(elem_id="stage"):
            confirmed, drawn = handlers.opening()
            strip = panel("strip", confirmed)
            with gr.Row(elem_id="map-row"):
                # As one text: Gradio copies a component's values leaf by leaf at every event.
                opened = {"grid": json.dumps(handlers.grid())}
                table = handlers.table(*DEFAULTS.values())
                chart = panel("map", table, ("settle", "restore", "pin"), palette=figures.PALETTE, **opened)
                shared = Shared(handlers, jobs, knobs, chart, gr.State(None), language)
                layer_panel.build(shared)
            shown = figures.build(drawn)
            asks = ask_panel.model_value(explorer)
            with_model = explorer.has_model
            panel("needs", None if with_model else say("page.scores_only.needs", language))
            with gr.Column(elem_id="ask-section", elem_classes=f"kind-{asks['kind']}", visible=with_model):
                asking = ask_panel.build(asks, _brushes(), language, with_model)
                shared = replace(shared, asking=asking)
                ladder_panel.build(shared)
            compare_panel.build(shared)
            sweep_panel.build(shared)
            batch_panel.build(shared)
            export_panel.build(shared)
            learn_panel.build(shared)
            panel("foot")
    timer = gr.Timer(seen["pace"])
    scoring = scoring_panel.build(shared, timer)
    _wire_recipe(shared, strip, shown)
    _wire_ask(shared)
    news = News(status, models, chart, shown, timer, gr.State(seen))
    _wire_models(changing, news, knobs, scoring, asking, page)


def _brushes() -> dict[str, str]:
    """The six colours that the demo model knows, each between its two anchors."""
    return {name: "#" + "".join(f"{(a + b) // 2:02x}" for a, b in zip(*anchors)) for name, anchors in PALETTE.items()}


def _wire_recipe(shared: Shared, strip: gr.HTML, shown: gr.HTML) -> None:
    """Moving a knob fetches a table; the browser draws, and a settled hand commits once."""
    handlers, knobs, chart = shared.handlers, shared.rail, shared.chart
    restoring = Restoring(handlers)
    every = [chart, knobs.note, *knobs.knobs]
    gr.on([knob.input for knob in knobs.inputs], handlers.retable, knobs.knobs, [chart, *knobs.freed], **LIVE)
    knobs.scores.input(handlers.rescored, knobs.knobs, [chart, knobs.allocator], **LIVE)
    knobs.reset.click(None, js=f"() => window.ecoflap.restore({json.dumps(DEFAULTS)})", **PRIVATE)
    chart.restore(restoring.restore, knobs.knobs, every, **IN_TURN)
    chart.pin(restoring.pin, None, [shared.pinned, knobs.pin], **IN_TURN)
    chart.settle(handlers.commit, knobs.knobs[1:], [strip, shown], **IN_TURN)


def _wire_models(
    changing: Changing,
    news: News,
    knobs: rail.Rail,
    scoring: gr.HTML,
    asking: ask_panel.AskPanel,
    page: gr.Blocks,
) -> None:
    """What the page hears of the model without having asked, and opening another one."""
    news.models.replace(changing.open, None, [news.models, news.timer], **LIVE)
    news.models.halt(changing.halt, None, news.models, **LIVE)
    inputs = [news.seen, asking.token, *knobs.knobs]
    follow = [knobs.allocator, knobs.bridge, knobs.overrides, knobs.scores, scoring]
    outputs = [*news.parts, *follow, *asking.parts]
    news.timer.tick(changing.tick, inputs, outputs, **(LIVE | {"trigger_mode": "once"}))
    # Who opens the page later gets what was built once, and at once what has changed since.
    opened = page.load(changing.tick, inputs, outputs, queue=False, **PRIVATE)
    # What a link says is about the model as it is now.
    opened.then(None, js="() => window.ecoflap.linkReady()", **PRIVATE)


def _wire_ask(shared: Shared) -> None:
    """Pictures, questions, answers."""
    handlers, asking = shared.handlers, shared.asking
    shown = [asking.token, asking.picker, asking.chips, asking.question, asking.answers]
    asking.picker.choose(handlers.choose, None, shown, **PRIVATE)
    asking.fresh.click(handlers.fresh, None, shown, **PRIVATE)
    asking.editor.drawn(handlers.drawn, None, shown, **PRIVATE)
    asking.intake.taken(handlers.taken, None, shown, **PRIVATE)
    # The file is opened by our own bounded opener, never by the component.
    asking.upload.upload(handlers.upload, asking.upload, shown, **PRIVATE)
    events = Asking(handlers, shared.jobs)
    inputs = [asking.token, asking.question, shared.pinned, *shared.knobs]
    # A click while the question to another picture still ends is not lost.
    once_more = MODEL | {"trigger_mode": "always_last"}
    gr.on([asking.ask.click, asking.question.submit], events.ask, inputs, asking.answers, **once_more)
    asking.stop.click(events.stop, None, None, **LIVE)
    asking.token.change(events.forget, None, None, **LIVE)
