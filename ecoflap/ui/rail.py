"""The left rail: the target, and every knob that a recipe has, in a student's words."""

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from ecoflap.allocation import ALLOCATORS
from ecoflap.texts import say
from ecoflap.types.pattern import PATTERNS, SPARSITY, UNSTRUCTURED
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
    pattern: gr.Radio
    scores: gr.Dropdown
    overrides: gr.State
    note: gr.Markdown
    reset: gr.Button
    score_file: gr.UploadButton
    pin: gr.HTML
    recipe_file: gr.HTML

    @property
    def knobs(self) -> list[gr.Component]:
        """What a recipe is made of."""
        return [getattr(self, name) for name in DEFAULTS]

    @property
    def inputs(self) -> list[gr.Component]:
        """The knobs that people move themselves, but for the target and the scores, which bring their layers."""
        return [knob for knob in self.knobs[1:] if not isinstance(knob, gr.State) and knob is not self.scores]

    @property
    def freed(self) -> list[gr.Component]:
        """What a pattern leaves nothing to decide, in the order of `freedom`; and the note that says so."""
        return [self.percent, self.allocator, self.cap_mode, self.margin, self.cap, self.granularity, self.note]


def freedom(pattern: str) -> list[dict]:
    """Updates of `Rail.freed`: without a pattern all can be moved, under one none can, and the note says why."""
    free = pattern == UNSTRUCTURED
    target = gr.update(interactive=free) if free else gr.update(interactive=free, value=round(100 * SPARSITY))
    return [target, *(gr.update(interactive=free) for _ in range(5)), gr.update(visible=not free)]


def worded(key: str, names: Sequence[str], language: str) -> list[tuple[str, str]]:
    """Choices of the knob `key` as (words, name)."""
    return [(say(f"page.rail.{key}.{name}", language), name) for name in names]


def allocator_info(names: Sequence[str], language: str) -> str:
    """The line above the allocators called `names`; it says why some are missing where the scores lack their facts."""
    info = say("page.rail.allocator.info", language)
    whole = len(names) == len(ALLOCATORS)
    return info if whole else f"{info} {say('page.rail.allocator.lacking', language)}"


def build(allocators: Sequence[str], has_bridge: bool, sources: list[tuple[str, str]], language: str) -> Rail:
    """Build the rail inside the current container.

    Args:
        allocators: those that the bundle has the facts for.
        has_bridge: whether there is one to prune.
        sources: the scores to choose among as (words, value).
        language: of the words.
    """

    def word(key: str) -> str:
        return say(f"page.rail.{key}", language)

    def choices(key: str, names: Sequence[str]) -> list[tuple[str, str]]:
        return worded(key, names, language)

    panel("headline")
    percent = _slider(word("target"), 95, DEFAULTS["percent"], "target", show_label=False)
    panel("play")
    panel("problem")
    pin = panel("pin")
    note = gr.Markdown(word("pattern.note"), visible=False, elem_id="pattern-note")
    with gr.Column(elem_id="knobs"):
        scores = gr.Dropdown(
            sources,
            value=DEFAULTS["scores"],
            label=word("scores"),
            info=word("scores.info"),
            visible=len(sources) > 1,
            elem_id="scores",
            interactive=True,
            filterable=False,
        )
        panel("measure")
        score_file = gr.UploadButton(
            word("score_file"), file_types=[".json"], type="filepath", size="sm", elem_id="score-file"
        )
        allocator = gr.Radio(
            choices("allocator", allocators),
            value=DEFAULTS["allocator"],
            label=word("allocator"),
            info=allocator_info(allocators, language),
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
        pattern = gr.Radio(
            choices("pattern", PATTERNS),
            value=DEFAULTS["pattern"],
            label=word("pattern"),
            info=word("pattern.info"),
            elem_id="pattern",
        )
        overrides = gr.State(DEFAULTS["overrides"])
        panel("history")
        recipe_file = panel("recipefile", None, ("open_recipe",))
        reset = gr.Button(word("reset"), size="sm", variant="secondary", elem_id="reset")
    knobs = (percent, cap_mode, margin, cap, granularity, allocator, bridge, pattern, scores, overrides)
    return Rail(*knobs, note, reset, score_file, pin, recipe_file)


def _slider(label: str, most: int, value: int, name: str, **settings: bool) -> gr.Slider:
    """A slider over whole per cents."""
    return gr.Slider(0, most, value, step=1, label=label, elem_id=name, interactive=True, buttons=[], **settings)
