"""The browser's half of the page: scripts and style sheet from assets/, and the sentences that the scripts show."""

import html
import json
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from ecoflap.texts import LANGUAGES, table

ASSETS = Path(__file__).parents[2] / "assets"
# In the order in which they build on each other.
SCRIPTS = (
    *("language.js", "store.js", "sending.js", "recipe.js", "history.js", "locks.js", "layout.js"),
    *("mapviews.js", "maplabels.js"),
    *("mapdraw.js", "maphead.js", "map.js", "table.js", "keys.js", "play.js", "panels.js", "strip.js"),
    *("layerdraw.js", "layerlock.js", "layer.js", "overlay.js", "figures.js", "models.js", "scoring.js"),
    *("scoringform.js", "ask.js", "answers.js", "intake.js", "camera.js", "editor.js", "strips.js"),
    *("svg.js", "svgmap.js", "saving.js", "savefigures.js", "savelayer.js", "report.js", "exporting.js"),
    *("ladder.js", "blame.js", "changes.js", "compare.js", "csv.js", "batch.js", "gradio.js", "needs.js", "live.js"),
    *("sweepchart.js", "sweepwords.js", "sweepplot.js", "sweepform.js", "sweep.js"),
    *("toursteps.js", "tour.js", "learnmath.js", "learn.js", "learntopics.js"),
    *("linkkeys.js", "linkhide.js", "linkshare.js", "linkrestore.js", "link.js"),
)
STYLES = (
    *("page.css", "strip.css", "map.css", "table.css", "play.css", "layer.css", "figures.css", "scoring.css"),
    *("ask.css", "ladder.css", "compare.css", "sweep.css", "batch.css", "history.css", "export.css", "tour.css"),
    *("learn.css", "link.css"),
)


def head() -> str:
    """What goes into the page's head: the page.* sentences and the scripts, inline, so no file has to be served.

    Gradio has one head for all its pages, so it holds every language; assets/language.js takes one and drops the rest.
    """
    scripts = [f"window.ecoflapTables = {script_json({language: page_texts(language) for language in LANGUAGES})};"]
    scripts += [(ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return "\n".join(f"<script>\n{script}\n</script>" for script in scripts)


def page_texts(language: str) -> dict[str, str]:
    """The sentences that the scripts say."""
    own = table(language)
    return {key: own.get(key) or text for key, text in table().items() if key.startswith("page.")}


def css() -> str:
    """The style sheet."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES)


def script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


class Panel(gr.HTML):
    """A part of the page whose value, any JSON, travels as one text: Gradio copies values leaf by leaf at every event.

    A number before it makes every text another one, so that whoever watches hears of equal values too.
    """

    _count = count()

    def preprocess(self, payload: str | None) -> Any:
        """The value that the browser holds."""
        return None if payload is None else json.loads(payload.partition(" ")[2])

    def postprocess(self, value: Any) -> str | None:
        """The value for the browser."""
        return (
            None if value is None else f"{next(self._count)} {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        )


def panel(name: str, value: Any = None, events: tuple[str, ...] = (), **props: Any) -> Panel:
    """A part of the page that assets/*.js draws: `window.ecoflap.mount[name]` fills it with DOM nodes.

    The value travels as JSON and never becomes markup: the template does not mention it, the scripts use textContent.

    Args:
        name: of the mount function; also the element's id.
        value: the JSON value that the scripts watch.
        events: custom events that the scripts trigger. Gradio finds them by their names in `js_on_load`.
        props: further JSON values for the scripts.
    """
    given = f"element, trigger, props: window.ecoflap.unpacked(props), watch, events: {list(events)!r}"
    mount = f"window.ecoflap.mount[{name!r}]({{ {given} }});"
    return Panel(
        value,
        html_template=f"<div class='mount' data-mount='{html.escape(name)}'></div>",
        js_on_load=mount,
        apply_default_css=False,
        elem_id=name,
        elem_classes="part",
        **props,
    )
