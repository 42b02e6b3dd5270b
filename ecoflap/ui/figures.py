"""The three figures below the map: built from an allocation, drawn and kept in the browser by assets/figures.js."""

from collections.abc import Callable
from typing import Any

import gradio as gr
import numpy as np
from plotly.colors import sequential
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from ecoflap import plots
from ecoflap.allocation import TARGETS
from ecoflap.plots.groups import place_of_layers
from ecoflap.texts import say
from ecoflap.types import Allocation, Recipe
from ecoflap.ui import naming, payload
from ecoflap.ui.embed import ASSETS, panel

VENDORED = ASSETS / "vendor" / "plotly-basic" / "plotly-basic.min.js"
# Its address; the version is that of the file.
PLOTLY = "/vendor/plotly-basic-4.1.1.min.js"
# The map's colours (Cividis), from 0 to 1: readable with every kind of colour vision and in print.
PALETTE = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in sequential.Cividis]
# The sentence on the curves of allocators that do not share by ECoFLaP's formula.
WHY = {name: name for name in ("uniform", "response", "joint", "erk", "alphapruning", "atp")}
WHY |= dict.fromkeys(("magnitude", "multiflow", "lamp"), "threshold") | dict.fromkeys(("owl", "dlp"), "spread")
# Curves that are kept: they are the same at every target.
KEPT_CURVES = 32


def build(value: dict[str, Any] | None) -> gr.HTML:
    """The panel."""
    return panel("figures", value, plotly=f".{PLOTLY}")


def route() -> Route:
    """Where the page's Plotly is served: the part of it that draws lines and points, a quarter of the whole."""

    def send(request: Request) -> FileResponse:
        return FileResponse(VENDORED, media_type="text/javascript", headers={"Cache-Control": "public, max-age=86400"})

    return Route(PLOTLY, send)


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
    if recipe.allocator in WHY:
        return say(f"page.curves.why.{WHY[recipe.allocator]}", language)
    if recipe.max_sparsity is not None:
        return say("page.curves.why.fixed", language, cap=f"{recipe.max_sparsity:.0%}")
    return say("page.curves.why.margin", language, margin=round(100 * recipe.cap_margin))
