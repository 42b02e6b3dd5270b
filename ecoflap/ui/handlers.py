"""What the page's events do: plain functions from inputs to values, with the explorer as the only authority."""

import random
from collections.abc import Iterator
from typing import Any

import gradio as gr

from ecoflap import plots
from ecoflap.allocation import TARGETS
from ecoflap.errors import EcoflapError
from ecoflap.host import Host
from ecoflap.models.kinds import ZERO_SHOT, Description
from ecoflap.texts import say
from ecoflap.types import Layer, Recipe
from ecoflap.types.loading import KINDS
from ecoflap.ui import naming, payload, pictures, rail, session
from ecoflap.ui.ask_panel import answer_value
from ecoflap.ui.grid import grid

# The pattern's place among the knobs.
PATTERN = list(session.DEFAULTS).index("pattern")


def sent(event: gr.EventData, key: str) -> Any:
    """What the browser sent with an event under `key`; None where a raw request sent something else."""
    return event._data.get(key) if isinstance(event._data, dict) else None


class Handlers:
    """The events of one page over one explorer. Holds no state of any person: recipes are made from the inputs."""

    def __init__(self, host: Host, language: str = "en") -> None:
        self.host, self.language = host, language

    @property
    def explorer(self) -> Any:
        """The model that is shown now."""
        return self.host.explorer

    def model(self) -> str:
        """Which model, scores and type of weights the page's table and layers are of."""
        bundle = self.explorer.bundle
        return f"{self.host.generation}:{bundle.fingerprint if bundle else ''}:{self._bits()}"

    def layers(self) -> tuple[Layer, ...]:
        """Layers of the score bundle.

        Raises:
            EcoflapError: the model is not scored yet.
        """
        if self.explorer.bundle is None:
            raise EcoflapError("page_no_scores")
        return self.explorer.bundle.layers

    def table(self, *knobs: Any) -> dict[str, Any]:
        """The table for the knobs (session.DEFAULTS), or one sentence why there is none."""
        try:
            layers, model = self.layers(), self.model()
            # Any target that every cap allows: the table holds all of them.
            recipe = session.recipe_of(0, *knobs[1:])
            set_by = dict(zip(list(session.DEFAULTS)[1:], knobs[1:]))
            table = self.explorer.table(recipe)
            return payload.table_payload(layers, table, recipe, self._bits(), model) | {"knobs": set_by}
        except EcoflapError as error:
            return {"error": error.text(self.language)}

    def grid(self) -> dict[str, Any]:
        """The layers that a table is about, as the map draws them; none before they are scored."""
        bundle = self.explorer.bundle
        return grid(bundle.layers if bundle else (), self.language) | {"model": self.model()}

    def retable(self, *knobs: Any) -> tuple[Any, ...]:
        """A knob other than the target has moved: a new table, and what can be moved now (`Rail.freed`)."""
        fixed, updates = knobs[1] == "fixed", rail.freedom(knobs[PATTERN])
        for place, shown in ((3, not fixed), (4, fixed)):  # the slider that belongs to the cap's switch
            updates[place] |= gr.update(visible=shown)
        return self.table(*knobs), *updates

    def commit(self, event: gr.EventData, *knobs: Any) -> tuple[Any, Any, Any]:
        """A gesture has ended: the authority's figures, the skyline and the curves. `knobs` without the target."""
        try:
            recipe = session.recipe_of(sent(event, "percent"), *knobs)
            return self.figures(recipe)
        except EcoflapError as error:
            return {"error": error.text(self.language)}, gr.skip(), gr.skip()

    def figures(self, recipe: Recipe) -> tuple[Any, Any, Any]:
        """Confirmation, skyline and curves of a recipe."""
        layers = self.layers()
        allocation = self.explorer.allocate(recipe)
        names = naming.group_words(layers, recipe.granularity, self.language)
        caps = [payload.cap_at(recipe, target) for target in TARGETS]
        table = self.explorer.table(recipe)
        return (
            payload.confirmation(allocation, recipe, self.model()),
            plots.skyline(allocation, names, self.language),
            plots.curves(layers, table, allocation.prunable, recipe.target, caps, self.language),
        )

    def opening(self) -> tuple[Any, Any, Any]:
        """What the page opens with, before any event; without scores the figures stay empty."""
        try:
            return self.figures(session.recipe_of(*session.DEFAULTS.values()))
        except EcoflapError as error:
            return {"error": error.text(self.language)}, None, None

    def status(self) -> dict[str, Any]:
        """Which model it is, and the state of the background loading in words."""
        status = self.explorer.status(self.language)
        state = "error" if status.error else "ready" if status.ready else "loading"
        value = {"state": state, "words": status.message, "model": self.explorer.name}
        if status.ready:
            facts = self.explorer.facts()
            value["dense"] = [[say(f"page.dense.{kind}", self.language), weights] for kind, weights in facts["dense"]]
            value["found"] = facts["found"]
        return value

    def choose(self, event: gr.EventData) -> tuple[Any, ...]:
        """An example of the gallery."""
        index = sent(event, "index")
        if type(index) is not int or index not in range(len(pictures.EXAMPLE_INDICES)):
            most = len(pictures.EXAMPLE_INDICES) - 1
            return self._picture_error(EcoflapError("page_percent", name="example", value=index, most=most))
        return self._show(lambda: session.example_token(pictures.EXAMPLE_INDICES[index]))

    def fresh(self) -> tuple[Any, ...]:
        """A scene that nobody has seen."""
        return self._show(lambda: session.scene_token(random.getrandbits(48)))

    def upload(self, path: Any) -> tuple[Any, ...]:
        """A picture of one's own."""
        return self._show(lambda: session.upload_token(path))

    def drawn(self, event: gr.EventData) -> tuple[Any, ...]:
        """A drawing from the page's editor."""
        return self._show(lambda: session.drawing_token(sent(event, "png")))

    def _show(self, make: Any) -> tuple[Any, ...]:
        """Token, picture, suggestions, question and emptied answers; on an error one sentence and nothing else new."""
        try:
            opened = self.opened(make())
        except EcoflapError as error:
            return self._picture_error(error)
        # Labels are as good for the next picture.
        question = gr.skip() if self.kind() == ZERO_SHOT else opened.question
        return opened.token, opened.picture, opened.questions, question, None

    def opened(self, token: dict[str, Any]) -> pictures.Opened:
        """The picture of a token in front of the model that is shown now."""
        return pictures.open_token(token, self.kind(), self.explorer.is_demo, self.language)

    def kind(self) -> str:
        """The kind of the model, as far as it is known."""
        return (self.explorer.described or Description()).kind

    def _picture_error(self, error: EcoflapError) -> tuple[Any, ...]:
        note = {"error": error.text(self.language)}
        return gr.skip(), note, gr.skip(), gr.skip(), gr.skip()

    def ask(self, token: dict[str, Any], question: str, *knobs: Any) -> Iterator[dict[str, Any]]:
        """Ask the dense and the pruned model; a model still loading is waited for, with a word."""
        try:
            recipe = session.recipe_of(*knobs)
            if not self.explorer.status(self.language).ready:
                yield {"state": "busy", "words": say("page.ask.waiting", self.language)}
                self.explorer.wait()
            explorer, kind = self.explorer, self.kind()
            explorer.check_scored(recipe)
            yield {"state": "busy", "words": say("page.ask.busy", self.language)}
            image = session.picture_for(token) if "picture" in KINDS[kind] else None
            question = question if "text" in KINDS[kind] else ""
            asked = explorer.ask(image, question, recipe)
            if self.explorer is not explorer:
                raise EcoflapError("page_model_changed")
            yield answer_value(asked, payload.key_of(recipe, self.model()), round(recipe.target * 100), question, kind)
        except EcoflapError as error:
            yield {"state": "error", "words": error.text(self.language)}

    def _bits(self) -> int:
        """Bits of a stored weight: the loaded model's; before that what the demo has, or the usual half precision."""
        if self.explorer.status(self.language).ready:
            dtype = str(self.explorer.facts().get("dtype", "")).removeprefix("torch.")
            return payload.BITS.get(dtype, 16)
        return 32 if self.explorer.is_demo else 16
