"""Files that leave the page and come from what Python knows, and the recipe that comes back."""

from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np

from ecoflap.errors import EcoflapError
from ecoflap.formats import snippet
from ecoflap.formats.layers import layers_csv
from ecoflap.formats.tables import yaml_text
from ecoflap.texts import told
from ecoflap.types import Allocation, Loading, Recipe
from ecoflap.ui import opening, payload, session, standalone
from ecoflap.ui.embed import panel
from ecoflap.ui.handlers import Handlers, sent
from ecoflap.ui.shared import LIVE, Shared

# What can be taken -> how the file's name ends.
KINDS = {"json": "json", "yaml": "yaml", "csv": "csv", "code": "py", "page": "html"}


def build(shared: Shared) -> None:
    """The dialog and its events; the button that opens it stands in the head of the page."""
    exporting = Exporting(shared.handlers)
    taken = panel("export", None, ("take",))
    taken.take(exporting.take, None, taken, **LIVE)
    opened = shared.rail.recipe_file
    opened.open_recipe(exporting.open, None, opened, **LIVE)


class Exporting:
    """The events. What is taken is a pure function of the knobs that the browser sends."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.language = handlers, handlers.language

    def take(self, event: gr.EventData) -> dict[str, Any]:
        """The text of a file for the knobs in `values`, with the `ticket` of the question; or one sentence."""
        what, ticket = sent(event, "what"), {"ticket": sent(event, "ticket")}
        try:
            if not isinstance(what, str) or what not in KINDS:
                raise EcoflapError("not_a_choice", name="what", value=what, choices=", ".join(KINDS))
            knobs = session.knobs_of(sent(event, "values"))
            self.handlers.layers(knobs[list(session.DEFAULTS).index("scores")])
            return {"what": what, "ending": KINDS[what]} | self._text(what, self._recipe(knobs)) | ticket
        except EcoflapError as error:
            return {"error": error.text(self.language)} | ticket

    def open(self, event: gr.EventData) -> dict[str, Any]:
        """The knobs that a recipe file sets, for the browser to restore; or one sentence why not."""
        ticket, name = {"ticket": sent(event, "ticket")}, str(sent(event, "name"))
        try:
            recipe = opening.recipe_from(sent(event, "text"), name)
            values = opening.knobs_for(recipe, self.handlers.explorer, name[: opening.SHOWN])
            return {"values": values} | ticket
        except EcoflapError as error:
            return {"error": error.text(self.language)} | ticket

    def _text(self, what: str, recipe: Recipe) -> dict[str, str]:
        """What the file holds; beside code the command that does the same."""
        explorer = self.handlers.explorer
        allocation = explorer.allocate(recipe)
        if what == "json":
            return {"text": recipe.text()}
        if what == "yaml":
            return {"text": yaml_text(allocation)}
        if what == "csv":
            return {"text": layers_csv(allocation, recipe, capped(allocation, recipe))}
        if what == "page":
            bundle, name = explorer.scored(recipe), str(told(explorer.name, self.language))
            text = standalone.page(bundle, recipe, allocation, explorer.table(recipe), name, self.language)
            return {"text": text}
        source = self._source(recipe)
        return {"text": snippet.python(recipe, source, self.language), "command": snippet.command(recipe, source)}

    def _recipe(self, knobs: list[Any]) -> Recipe:
        """The recipe of the knobs, with the model, scores and samples that it is about as far as they are known."""
        explorer, recipe = self.handlers.explorer, session.recipe_of(*knobs)
        engine = explorer.engine
        model, samples = (engine.model.name, engine.samples) if engine else (explorer.bundle.model, "")
        return replace(recipe, model=model, bundle=explorer.scored(recipe).fingerprint, samples=samples)

    def _source(self, recipe: Recipe) -> snippet.Source:
        """What the code has to open: the model's own scores where they are the ones, else a file beside the code."""
        explorer = self.handlers.explorer
        own = explorer.is_demo and explorer.scores is None and recipe.bundle == explorer.bundle.fingerprint
        scores = "" if own else "scores.json"
        spec = explorer.spec if explorer.has_model else recipe.model
        return snippet.Source(spec, scores, explorer.calibration, explorer.loading or Loading())


def capped(allocation: Allocation, recipe: Recipe) -> list[bool]:
    """Which layers are at the cap, as the map marks them."""
    sizes = np.array([layer.size for layer in allocation.layers], dtype=np.int64)
    held = [recipe.overrides.keys() & {one.name, one.block, one.modality} for one in allocation.layers]
    decided = np.array([bool(counts) and not by for counts, by in zip(allocation.prunable, held)])
    caps = np.array([payload.cap_at(recipe, recipe.target)])
    return payload.at_cap(np.array([allocation.sparsity]), caps, decided, sizes)[0].tolist()
