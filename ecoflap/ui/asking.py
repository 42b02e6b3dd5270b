"""The events of the Ask section: a question to every state of the model, told while it is answered, and its end."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from ecoflap.asking import PINNED, PRUNED, Said
from ecoflap.errors import Cancelled, EcoflapError, failure
from ecoflap.texts import say
from ecoflap.types.loading import KINDS
from ecoflap.ui import answers, payload, session
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs, Tell, in_turn, wait_for

# The name of this work among a person's.
ASK = "ask"


class Asking:
    """Asks for one page. Nothing is kept of any person: picture, recipes and question come with the event."""

    def __init__(self, handlers: Handlers, jobs: Jobs) -> None:
        self.handlers, self.jobs, self.language = handlers, jobs, handlers.language

    def ask(
        self, request: gr.Request, token: dict[str, Any], question: str, pinned: Any, *knobs: Any
    ) -> Iterator[dict[str, Any] | None]:
        """Ask the dense and the pruned model, and the pinned one; a model still loading is waited for, with a word.

        Args:
            request: whose question it is.
            token: of the picture.
            question: as typed.
            pinned: the knobs of the recipe pinned as A, in the order of session.DEFAULTS, or None.
            knobs: of the recipe that the slider shows.
        """
        about = session.mark_of(token)
        named = {"pruned": knobs, "pinned": pinned or ()}
        named = {name: dict(zip(session.DEFAULTS, each)) for name, each in named.items()}
        for value in self._asked(request.session_hash, token, question, pinned, knobs):
            # With the mark, the browser leaves out what comes late, of a picture that is no longer there.
            yield value and value | {"about": about, "knobs": named}

    def forget(self, request: gr.Request) -> None:
        """Another picture: end the question to the old one, and let nothing more of it be seen."""
        self.jobs.stop(request.session_hash, ASK, drop=True)

    def stop(self, request: gr.Request) -> None:
        """End this person's question at the next token."""
        self.jobs.stop(request.session_hash, ASK)

    def _asked(
        self, who: str, token: dict[str, Any], question: str, pinned: Any, knobs: tuple[Any, ...]
    ) -> Iterator[dict[str, Any] | None]:
        """The answers so far, again and again, and in the end; None where nothing was asked before it was stopped."""
        asked, said = None, {}
        waiting, busy = (
            {"state": "busy", "words": say(f"page.ask.{key}", self.language)} for key in ("waiting", "busy")
        )

        def work(tell: Tell) -> dict[str, Any]:
            recipe = session.recipe_of(*knobs)
            wait_for(self.handlers.explorer, tell, waiting)
            with in_turn(self.handlers.host.lines[ASK], tell, self.language):
                return answered(recipe, tell)

        def answered(recipe: Any, tell: Tell) -> dict[str, Any]:
            nonlocal asked
            explorer, kind = self.handlers.explorer, self.handlers.kind()
            explorer.check_scored(recipe)
            tell(busy)
            image = session.picture_for(token) if "picture" in KINDS[kind] else None
            asked = self._question(explorer, question if "text" in KINDS[kind] else "", recipe, pinned)

            def hear(name: str, so_far: Said) -> None:
                tell(answers.value(asked, said | {name: so_far}, "saying", self.language))
                said[name] = so_far

            found = explorer.ask(image, asked.text, recipe, asked.recipes.get(PINNED), hear)
            if self.handlers.explorer is not explorer:
                raise EcoflapError("page_model_changed")
            return answers.value(asked, found.said, "done", self.language)

        try:
            yield busy if self.handlers.explorer.status(self.language).ready else waiting
            yield from self.jobs.run(who, ASK, work)
        except Cancelled:
            yield asked and answers.value(asked, said, "stopped", self.language)
        except EcoflapError as error:
            yield {"state": "error", "words": error.text(self.language)}
        except Exception as error:  # whatever a model runs into, memory for one, is said where the answer would be
            told = failure(error, lambda reason: EcoflapError("page_ask_failed", reason=reason))
            yield {"state": "error", "words": told.text(self.language)}

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
