"""The events of the Ask section: a question to every state of the model, told while it is answered, and its end."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from ecoflap.asking import PINNED, PRUNED, Said
from ecoflap.errors import Cancelled, EcoflapError, first_line
from ecoflap.texts import say
from ecoflap.types.loading import KINDS
from ecoflap.ui import answers, payload, session
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs, Tell

# The name of this work among a person's.
ASK = "ask"


class Asking:
    """Asks for one page. Nothing is kept of any person: picture, recipes and question come with the event."""

    def __init__(self, handlers: Handlers, jobs: Jobs) -> None:
        self.handlers, self.jobs, self.language = handlers, jobs, handlers.language

    def ask(
        self, request: gr.Request, token: dict[str, Any], question: str, pinned: Any, *knobs: Any
    ) -> Iterator[dict[str, Any]]:
        """Ask the dense and the pruned model, and the pinned one; a model still loading is waited for, with a word.

        Args:
            request: whose question it is.
            token: of the picture.
            question: as typed.
            pinned: the knobs of the recipe pinned as A, in the order of session.DEFAULTS, or None.
            knobs: of the recipe that the slider shows.
        """
        try:
            recipe = session.recipe_of(*knobs)
            explorer = self.handlers.explorer
            if not explorer.status(self.language).ready:
                yield {"state": "busy", "words": say("page.ask.waiting", self.language)}
                explorer.wait()
            explorer, kind = self.handlers.explorer, self.handlers.kind()
            explorer.check_scored(recipe)
            yield {"state": "busy", "words": say("page.ask.busy", self.language)}
            image = session.picture_for(token) if "picture" in KINDS[kind] else None
            asked = self._question(explorer, question if "text" in KINDS[kind] else "", recipe, pinned)
            yield from self._said(request.session_hash, explorer, asked, image)
        except EcoflapError as error:
            yield {"state": "error", "words": error.text(self.language)}
        except Exception as error:  # whatever a model runs into, memory for one, is said where the answer would be
            failure = EcoflapError("page_ask_failed", reason=f"{type(error).__name__}: {first_line(error)}")
            yield {"state": "error", "words": failure.text(self.language)}

    def stop(self, request: gr.Request) -> None:
        """End this person's question at the next token."""
        self.jobs.stop(request.session_hash, ASK)

    def _question(self, explorer: Any, text: str, recipe: Any, pinned: Any) -> answers.Question:
        """What is asked of whom; a pinned recipe that cannot be (any more) is left out, with the reason."""
        recipes, problem = {PRUNED: recipe}, ""
        try:
            if pinned is not None:
                recipes[PINNED] = session.recipe_of(*pinned)
                explorer.check_scored(recipes[PINNED])
                explorer.allocate(recipes[PINNED])
        except EcoflapError as error:
            recipes.pop(PINNED, None)
            problem = error.text(self.language)
        facts, model = explorer.facts(), self.handlers.model()
        return answers.Question(
            text,
            self.handlers.kind(),
            recipes,
            {name: payload.key_of(each, model) for name, each in recipes.items()},
            (str(facts.get("device", "")), str(facts.get("dtype", "")).removeprefix("torch.")),
            problem,
        )

    def _said(self, who: str, explorer: Any, asked: answers.Question, image: Any) -> Iterator[dict[str, Any]]:
        """The answers so far, again and again, and in the end."""
        said: dict[str, Said] = {}

        def work(tell: Tell) -> dict[str, Any]:
            def hear(name: str, so_far: Said) -> None:
                tell(answers.value(asked, said | {name: so_far}, "saying", self.language))
                said[name] = so_far

            found = explorer.ask(image, asked.text, asked.recipes[PRUNED], asked.recipes.get(PINNED), hear)
            if self.handlers.explorer is not explorer:
                raise EcoflapError("page_model_changed")
            return answers.value(asked, found.said, "done", self.language)

        try:
            yield from self.jobs.run(who, ASK, work)
        except Cancelled:
            yield answers.value(asked, said, "stopped", self.language)
