"""The two figures beside the map; they follow commits only, at a fixed height, so nothing jumps."""

from typing import Any

import gradio as gr
from plotly.colors import sequential

from ecoflap.texts import say

# The map's colours, from 0 to 1: readable with every kind of colour vision and in print.
PALETTE = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in sequential.Cividis]


def build(skyline: Any, curves: Any, language: str) -> list[gr.Plot]:
    """The skyline and the curves, each with a title and a sentence under it."""
    plots = []
    with gr.Row(elem_id="figures"):
        for name, figure in (("skyline", skyline), ("curves", curves)):
            with gr.Column(elem_classes="card figure"):
                _text("h2", f"page.{name}.title", language)
                plots.append(gr.Plot(figure, show_label=False, container=False, elem_id=name))
                _text("p", f"page.{name}.caption", language)
    return plots


def _text(tag: str, key: str, language: str) -> None:
    gr.HTML(f"<{tag}>{say(key, language)}</{tag}>", apply_default_css=False, elem_classes="part")
