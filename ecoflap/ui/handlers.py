"""What the page's events do: plain functions from inputs to values, with the explorer as the only authority."""

import random
from collections.abc import Sequence
from typing import Any

import gradio as gr

from ecoflap.allocation import ALLOCATORS
from ecoflap.errors import EcoflapError
from ecoflap.host import Host
from ecoflap.models.kinds import ZERO_SHOT, Description
from ecoflap.texts import say, told
from ecoflap.types import Layer, Recipe
from ecoflap.types.bundle import chosen
from ecoflap.ui import payload, pictures, rail, session
from ecoflap.ui.figures import Drawing
from ecoflap.ui.grid import grid
from ecoflap.ui.sources import choices

# Places among the knobs.
PATTERN, SCORES, ALLOCATOR = (list(session.DEFAULTS).index(name) for name in ("pattern", "scores", "allocator"))


def sent(event: gr.EventData, key: str) -> Any:
    """What the browser sent with an event under `key`; None where a raw request sent something else."""
    return event._data.get(key) if isinstance(event._data, dict) else None


class Handlers:
    """The events of one page over one explorer. Holds no state of any person: recipes are made from the inputs."""

    def __init__(self, host: Host, language: str = "en") -> None:
        self.host, self.language, self.drawing = host, language, Drawing(language)
        # Files of the pictures that browsers sent, for Gradio to delete as it does those it wrote itself.
        self.written: set[str] = set()

    @property
    def explorer(self) -> Any:
        """The model that is shown now."""
        return self.host.explorer

    def model(self) -> str:
        """Which model, scores by default and type of weights the page is about."""
        bundle = self.explorer.bundle
        known = bundle.fingerprint if bundle else "unscored" if self.explorer.layers else ""
        return f"{self.host.generation}:{known}:{self._bits()}"

    def layers(self, scores: str = "") -> tuple[Layer, ...]:
        """Layers of the score bundle that a knob or a recipe names.

        Raises:
            EcoflapError: the model is not scored yet, or those scores are not there.
        """
        if not self.explorer.bundles:
            raise EcoflapError("page_no_scores")
        return chosen(self.explorer.bundles, scores).layers

    def allocators(self, scores: str = "") -> list[str]:
        """The allocators that the scores have the facts for; what is scored later has scores and nothing else."""
        known = self.layers(scores) if self.explorer.bundles else (Layer("", "", "vision", 1, 1),)
        return [allocator.name for allocator in ALLOCATORS if not allocator.lacks(known)]

    def possible(self, knobs: Sequence[Any]) -> list[Any]:
        """The knobs without what the model lacks: scores, facts for an allocator, and what locks are about."""
        values = dict(zip(session.DEFAULTS, knobs))
        if values["scores"] not in [bundle.fingerprint for bundle in self.explorer.bundles]:
            values["scores"] = session.DEFAULTS["scores"]
        if values["allocator"] not in self.allocators(values["scores"]):
            values["allocator"] = session.DEFAULTS["allocator"]
        known = {name for layer in self.explorer.layers for name in (layer.name, layer.block, layer.modality)}
        locks = values["overrides"] if isinstance(values["overrides"], dict) else {}
        values["overrides"] = {name: locks[name] for name in locks if name in known}
        return list(values.values())

    def offered(self, scores: str = "") -> dict[str, dict[str, Any]]:
        """What knobs offer with these scores, by the knob's name: the choices, and whether there is a choice."""
        sources = choices(self.explorer, self.language)
        names = self.allocators(scores)
        allocators = rail.worded("allocator", names, self.language)
        info = rail.allocator_info(names, self.language)
        offered = {"choices": sources, "visible": len(sources) > 1}
        return {"scores": offered, "allocator": {"choices": allocators, "info": info}}

    def table(self, *knobs: Any) -> dict[str, Any]:
        """The table for the knobs (session.DEFAULTS), or one sentence why not; with the knobs but the target."""
        set_by = dict(zip(list(session.DEFAULTS)[1:], knobs[1:]))
        try:
            layers, model = self.layers(knobs[SCORES] or ""), self.model()
            # Any target that every cap allows: the table holds all of them.
            recipe = session.recipe_of(0, *knobs[1:])
            table = self.explorer.table(recipe)
            found = payload.table_payload(layers, table, recipe, self._bits(), model)
            if not any(found["reachable"]):  # everything is locked: say why at the target that is asked for
                self.explorer.allocate(session.recipe_of(*knobs))
                raise EcoflapError("page_all_locked")
            return found | {"knobs": set_by, "model": f"{model}:{recipe.bundle}"}
        except EcoflapError as error:
            return {"error": error.text(self.language), "knobs": set_by}

    def grid(self, scores: str = "") -> dict[str, Any]:
        """The layers that a table with these scores is about, as the map draws them, and who can allocate.

        Without scores nobody can, and the layers are there as soon as the model is. `of` says which model it is: what
        the page knows of it stays when only the scores are others.
        """
        scored = bool(self.explorer.bundles)
        found = grid(self.layers(scores) if scored else self.explorer.layers, self.language)
        for cell in () if scored else found["layers"]:
            cell.update(score=None, stderr=None)
        of = {"model": f"{self.model()}:{scores}", "of": self.host.generation}
        # For links: the fingerprints of these scores, and of those that the model brought.
        if scored:
            of |= {"scores": scores or self.explorer.bundle.fingerprint, "own": self.explorer.bundle.fingerprint}
        return found | of | {"allocators": self.allocators(scores) if scored else []}

    def retable(self, *knobs: Any) -> tuple[Any, ...]:
        """A knob other than the target has moved: a new table, and what can be moved now (`Rail.freed`).

        The browser sees by `moved` that it carries no ticket, so that an answer to a wish may have overtaken it.
        """
        fixed, updates = knobs[1] == "fixed", rail.freedom(knobs[PATTERN])
        for place, shown in ((3, not fixed), (4, fixed)):  # the slider that belongs to the cap's switch
            updates[place] |= gr.update(visible=shown)
        return self.table(*knobs) | {"moved": True}, *updates

    def rescored(self, *knobs: Any) -> tuple[Any, Any]:
        """Other scores were chosen: a table with its layers, and the allocators that they have the facts for."""
        values = self.possible(knobs)
        scores = values[SCORES]
        allocator = gr.update(**self.offered(scores)["allocator"], value=values[ALLOCATOR])
        return self.table(*values) | {"grid": self.grid(scores)}, allocator

    def commit(self, event: gr.EventData, *knobs: Any) -> tuple[Any, Any]:
        """A gesture has ended: the authority's figures, as numbers and drawn. `knobs` without the target.

        The answer carries the `ticket` of the question; a sentence also the target and the table that it was about.
        """
        ticket, percent = {"ticket": sent(event, "ticket")}, sent(event, "percent")
        try:
            confirmed, drawn = self.figures(session.recipe_of(percent, *knobs))
            return confirmed | ticket, drawn
        except EcoflapError as error:
            about = {"percent": percent, "key": sent(event, "key")}
            return {"error": error.text(self.language)} | about | ticket, gr.skip()

    def figures(self, recipe: Recipe) -> tuple[Any, Any]:
        """Confirmation and figures of a recipe."""
        self.layers(recipe.bundle)
        model, allocation = self.model(), self.explorer.allocate(recipe)
        drawn = self.drawing.value(recipe, allocation, lambda: self.explorer.table(recipe), model)
        return payload.confirmation(allocation, recipe, model), drawn

    def opening(self) -> tuple[Any, Any]:
        """What the page opens with, before any event; without scores the figures stay empty."""
        try:
            return self.figures(session.recipe_of(*session.DEFAULTS.values()))
        except EcoflapError as error:
            return {"error": error.text(self.language)}, None

    def status(self) -> dict[str, Any]:
        """Which model it is, and the state of the background loading in words."""
        if not self.explorer.has_model:
            return {
                "state": "scores",
                "words": say("page.scores_only", self.language),
                "model": told(self.explorer.name, self.language),
            }
        status = self.explorer.status(self.language)
        state = "error" if status.error else "ready" if status.ready else "loading"
        value = {"state": state, "words": status.message, "model": told(self.explorer.name, self.language)}
        if status.ready:
            facts = self.explorer.facts()
            value["dense"] = [[say(f"page.dense.{kind}", self.language), weights] for kind, weights in facts["dense"]]
            value["found"] = told(facts["found"], self.language)
        return value

    def choose(self, event: gr.EventData) -> tuple[Any, ...]:
        """An example of the gallery by its `index`, or the scene of a link by its `seed`."""
        index, seed = sent(event, "index"), sent(event, "seed")
        if seed is not None:
            return self._seeded(seed)
        if type(index) is not int or index not in range(len(pictures.EXAMPLE_INDICES)):
            most = len(pictures.EXAMPLE_INDICES) - 1
            return self._picture_error(EcoflapError("page_percent", name="example", value=index, most=most))
        return self._show(lambda: session.example_token(pictures.EXAMPLE_INDICES[index]))

    def _seeded(self, seed: Any) -> tuple[Any, ...]:
        """The scene that a seed draws."""
        most = 2**session.SEED_BITS - 1
        if type(seed) is not int or not 0 <= seed <= most:
            return self._picture_error(EcoflapError("page_percent", name="seed", value=seed, most=most))
        return self._show(lambda: session.scene_token(seed))

    def fresh(self) -> tuple[Any, ...]:
        """A scene that nobody has seen."""
        return self._seeded(random.getrandbits(session.SEED_BITS))

    def upload(self, path: Any) -> tuple[Any, ...]:
        """A picture of one's own."""
        return self._show(lambda: session.upload_token(path))

    def drawn(self, event: gr.EventData) -> tuple[Any, ...]:
        """A drawing from the page's editor."""
        return self._show(lambda: self._kept(sent(event, "png"), "drawing"))

    def taken(self, event: gr.EventData) -> tuple[Any, ...]:
        """A picture that was pasted, dropped, or taken with the camera."""
        return self._show(lambda: self._kept(sent(event, "picture"), sent(event, "kind")))

    def _kept(self, data_url: Any, kind: Any) -> dict[str, Any]:
        """The token of a picture that the browser sent, whose file is noted."""
        token = session.sent_token(data_url, kind)
        self.written.add(token["path"])
        return token

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

    def _bits(self) -> int:
        """Bits of a stored weight: the loaded model's; before that what the demo has, or the usual half precision."""
        if self.explorer.status(self.language).ready:
            dtype = str(self.explorer.facts().get("dtype", "")).removeprefix("torch.")
            return payload.BITS.get(dtype, 16)
        return 32 if self.explorer.is_demo else 16
