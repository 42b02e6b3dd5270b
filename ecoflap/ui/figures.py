"""The three figures below the map: built from an allocation, drawn and kept in the browser by assets/figures.js."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.components.plot import PlotData
from plotly.colors import sequential

from ecoflap import plots
from ecoflap.allocation import TARGETS
from ecoflap.plots.groups import place_of_layers
from ecoflap.texts import say
from ecoflap.types import Allocation, Recipe
from ecoflap.ui import naming, payload
from ecoflap.ui.embed import panel

# The map's colours (Cividis), from 0 to 1: readable with every kind of colour vision and in print.
PALETTE = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in sequential.Cividis]
# Curves that are kept: they are the same at every target.
KEPT_CURVES = 32


def build(value: dict[str, Any] | None) -> gr.HTML:
    """The panel, and an empty plot of Gradio's own beside it, out of sight: it brings Plotly into the page."""
    drawn = panel("figures", value)
    gr.Plot(PlotData(type="plotly", plot='{"data": [], "layout": {}}'), show_label=False, elem_id="plotly-loader")
    return drawn


def preload() -> str:
    """A hint for the page's head: fetch the part of Gradio that holds Plotly while the rest of the page starts.

    Empty where Gradio keeps it elsewhere; it is then fetched when the empty plot is mounted.
    """
    found = sorted((Path(gr.__file__).parent / "templates/frontend/assets").glob("PlotlyPlot-*.js"))
    return "".join(f'<link rel="modulepreload" href="./assets/{path.name}">' for path in found)


class Drawing:
    """Builds the panel's value. What does not depend on the target is built once for each table."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._curves: dict[str, str] = {}

    def value(
        self, recipe: Recipe, allocation: Allocation, table: Callable[[], np.ndarray], model: str
    ) -> dict[str, Any]:
        """What the browser draws; every figure as one string of JSON.

        Args:
            recipe: of the allocation.
            allocation: what skyline and scatter show.
            table: gives the sparsities at every target, (96, layers).
            model: which model and scores the layers are of.
        """
        language, key, layers = self.language, payload.key_of(recipe, model), allocation.layers
        names = naming.group_words(layers, recipe.granularity, language)
        if recipe.overrides:  # any layer or block may be held apart from its group
            names |= naming.group_words(layers, "layer", language) | naming.group_words(layers, "block", language)
        groups = plots.groups_of(allocation, names, recipe.overrides, recipe.aggregate)
        # Zooming survives as long as the groups and their weights are the same.
        kept = "|".join((model, recipe.granularity, recipe.aggregate, *recipe.modalities))
        if key not in self._curves:
            while len(self._curves) >= KEPT_CURVES:
                self._curves.pop(next(iter(self._curves)), None)
            self._curves[key] = self._curve(recipe, allocation, table(), kept)
        return {
            "key": key,
            "percent": round(100 * recipe.target),
            "place": place_of_layers(groups, len(layers)),
            "skyline": plots.skyline(groups, kept, language).json(),
            "importance": plots.importance(groups, kept, recipe.aggregate, language).json(),
            "curves": self._curves[key],
            "why": why(recipe, language),
            "granularity": recipe.granularity,
            "bars": any(group.stderr for group in groups),
        }

    def _curve(self, recipe: Recipe, allocation: Allocation, table: np.ndarray, kept: str) -> str:
        caps = [1.0 if recipe.fixed else payload.cap_at(recipe, target) for target in TARGETS]
        names = naming.group_words(allocation.layers, "block", self.language)
        figure = plots.curves(allocation.layers, table, allocation.prunable, caps, names, kept, self.language)
        return figure.json()


def why(recipe: Recipe, language: str = "en") -> str:
    """Why the curves have their shape: one sentence for each kind of recipe."""
    if recipe.fixed:
        return say("page.curves.why.pattern", language, pattern=recipe.pattern)
    if recipe.allocator in ("uniform", "response"):
        return say(f"page.curves.why.{recipe.allocator}", language)
    if recipe.max_sparsity is not None:
        return say("page.curves.why.fixed", language, cap=f"{recipe.max_sparsity:.0%}")
    return say("page.curves.why.margin", language, margin=round(100 * recipe.cap_margin))
