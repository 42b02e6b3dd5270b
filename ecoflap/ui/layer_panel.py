"""The selected layer: histogram, mask, rows, what is zero in A and B, and what sparing it costs."""

import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import gradio as gr

from ecoflap.allocation.sparing import sparing
from ecoflap.errors import EcoflapError
from ecoflap.texts import say
from ecoflap.types import Layer, Recipe, ScoreBundle
from ecoflap.ui import payload, session
from ecoflap.ui.embed import panel
from ecoflap.ui.handlers import Handlers, sent
from ecoflap.ui.shared import IN_TURN, Shared

if TYPE_CHECKING:
    from ecoflap.inspecting import Inspection, Selected


def build(shared: Shared) -> None:
    """Build the panel inside the current container and wire its events."""
    shown = panel("layer", None, ("inspect",))
    shown.inspect(Looking(shared.handlers).inspect, shared.knobs[1:], shown, **IN_TURN)


class Looking:
    """What the page's panel of one layer asks."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.language = handlers, handlers.language

    def inspect(self, event: gr.EventData, *knobs: Any) -> dict[str, Any]:
        """What can be seen of the layer that the browser names, at its target in per cent; `knobs` without the target.

        The browser sends the pinned recipe's knobs by name along (`pinned`), and what it calls that (`against`): what
        was pinned for another model is not compared. The answer says what it is about: layer, target, key,
        against; and the `ticket` of the question.
        """
        name, percent = sent(event, "layer"), sent(event, "target")
        about = {"layer": name, "target": percent} | {key: sent(event, key) for key in ("against", "ticket")}
        try:
            self.handlers.layers()
            recipe = session.recipe_of(percent, *knobs)
            about["key"] = payload.key_of(recipe, self.handlers.model())
            return about | self._costs(name, recipe) | self._seen(name, recipe, sent(event, "pinned"))
        except EcoflapError as error:
            return about | {"error": error.text(self.language)}

    def _costs(self, name: Any, recipe: Recipe) -> dict[str, Any]:
        """What it would cost to keep the matrix, its block or its modality whole; nothing where nothing is chosen."""
        bundle = self.handlers.explorer.scored(recipe)
        layer = next((layer for layer in bundle.layers if layer.name == name), None)
        if layer is None:
            raise EcoflapError("inspect_layer", layer=name)
        if recipe.fixed or layer.modality not in recipe.modalities:
            return {"costs": None}
        return {"costs": {scope: self._cost(bundle, recipe, part) for scope, part in scopes(layer).items()}}

    def _cost(self, bundle: ScoreBundle, recipe: Recipe, part: str) -> dict[str, Any]:
        try:
            return asdict(sparing(bundle, recipe, part))
        except EcoflapError as error:
            return {"error": error.text(self.language)}

    def _seen(self, name: str, recipe: Recipe, pinned: Any) -> dict[str, Any]:
        """What the weights say, once they are there."""
        explorer = self.handlers.explorer
        status, engine = explorer.status(self.language), explorer.engine
        if not explorer.has_model:
            return {"waiting": say("page.scores_only.weights", self.language)}
        if status.error:
            return {"error": status.error}
        if engine is None or not status.ready:
            return {"waiting": say("page.layer.waiting", self.language)}
        if not engine.looks_at_once(recipe):
            return {"waiting": say("page.layer.uncalibrated", self.language)}
        from ecoflap import inspecting  # brings torch, which takes seconds to import

        def chosen(wanted: Recipe) -> "Selected":
            return inspecting.select(engine, name, explorer.allocate(wanted), wanted)

        try:
            now = chosen(recipe)
            found = seen_value(inspecting.inspect(now), recipe.pruner)
            if pinned is not None:
                zeros = inspecting.compare(now, chosen(session.recipe_of(*session.knobs_of(pinned))))
                found["zeros"] = asdict(zeros) | {"overlap": zeros.overlap}
        except (RuntimeError, MemoryError) as error:  # such as a GPU without room for it
            raise EcoflapError("inspect_failed", layer=name, reason=f"{type(error).__name__}: {error}") from error
        if self.handlers.explorer is not explorer:
            raise EcoflapError("page_model_changed")
        # One text: Gradio copies whatever it is given leaf by leaf, again and again.
        return {"seen": json.dumps(found)}


def scopes(layer: Layer) -> dict[str, str]:
    """What can be locked around a layer, and by which name."""
    return {"layer": layer.name, "block": layer.block, "modality": layer.modality}


def seen_value(found: "Inspection", pruner: str) -> dict[str, Any]:
    """An inspection as JSON for the panel; the mask's cells as base64 of bytes, row by row."""
    return {
        "size": found.layer.size,
        "kept": found.kept,
        "scope": found.scope,
        "pruner": pruner,
        "weights": asdict(found.weights),
        "criterion": asdict(found.criterion),
        "threshold": found.threshold and asdict(found.threshold),
        "cells": {"shape": found.cells.shape, "bytes": base64.b64encode(found.cells.tobytes()).decode("ascii")},
        "rows": found.rows.round(4).tolist(),
        "silent": found.silent,
        "unread": found.unread,
        "zeros": None,
    }
