"""Learn: both steps of the method explained, with the numbers that they have for what the page shows."""

from dataclasses import asdict
from typing import Any

import gradio as gr

from ecoflap.allocation.shares import share_of
from ecoflap.errors import EcoflapError
from ecoflap.types import Layer, Recipe, ScoreBundle
from ecoflap.types.bundle import chosen
from ecoflap.ui import payload, session
from ecoflap.ui.embed import panel
from ecoflap.ui.handlers import Handlers, sent
from ecoflap.ui.shared import IN_TURN, Shared


def build(shared: Shared) -> None:
    """Build the section inside the current container and wire its events."""
    shown = panel("learn", None, ("explain",))
    shown.explain(Learning(shared.handlers).explain, shared.knobs[1:], shown, **IN_TURN)


class Learning:
    """What the section asks: the numbers in its formulas."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.language = handlers, handlers.language

    def explain(self, event: gr.EventData, *knobs: Any) -> dict[str, Any]:
        """The numbers of the layer that the browser names, at its target in per cent; `knobs` without the target.

        The answer says what it is about, layer, target and key, and carries the `ticket` of the question.
        """
        name, target = sent(event, "layer"), sent(event, "target")
        about = {"layer": name, "target": target, "ticket": sent(event, "ticket")}
        try:
            self.handlers.layers()
            recipe = session.recipe_of(target, *knobs)
            bundle = chosen(self.handlers.explorer.bundles, recipe.bundle)
            about["key"] = payload.key_of(recipe, self.handlers.model())
            share = share_of(bundle, recipe, name)  # also raises where no layer has this name
            layer = next(layer for layer in bundle.layers if layer.name == name)
            return about | {"scored": scored(bundle, layer), "share": share and asdict(share) | settings(recipe)}
        except EcoflapError as error:
            return about | {"error": error.text(self.language)}


def scored(bundle: ScoreBundle, layer: Layer) -> dict[str, Any]:
    """How the layer's score was measured, as far as the bundle says."""
    facts = {"method": bundle.method, "eps": bundle.facts.get("eps")}
    return facts | {name: getattr(layer, name) for name in ("score", "stderr", "draws")}


def settings(recipe: Recipe) -> dict[str, Any]:
    """What of the recipe stands in the formulas."""
    return {"target": recipe.target, "allocator": recipe.allocator, "granularity": recipe.granularity}
