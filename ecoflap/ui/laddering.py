"""The events of breaking point and what broke it: a job of rungs or blocks, told while it grows, and its end.

Every value carries the number (`run`) that the browser gave its click: what comes late from an older one is not shown.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr

from ecoflap.allocation import ALLOCATORS
from ecoflap.errors import Cancelled, EcoflapError, failure
from ecoflap.models.kinds import CLASSIFIER, ZERO_SHOT
from ecoflap.texts import say
from ecoflap.types.loading import KINDS
from ecoflap.ui import payload, session
from ecoflap.ui.differences import Words, marked
from ecoflap.ui.handlers import Handlers, sent
from ecoflap.ui.jobs import Jobs, Tell, in_turn, wait_for

if TYPE_CHECKING:
    from ecoflap.blaming import Blame
    from ecoflap.breaking import Ladder, Reply, Rung, Strip

# The names of these works among a person's.
LADDER, BLAME = "ladder", "blame"
# Knobs that a ladder turns itself.
TURNED = ("percent", "allocator")
Value = dict[str, Any]


class Laddering:
    """Climbs and restores for one page. Nothing is kept of any person: all comes with the event."""

    def __init__(self, handlers: Handlers, jobs: Jobs) -> None:
        self.handlers, self.jobs, self.language = handlers, jobs, handlers.language

    def climb(
        self, event: gr.EventData, request: gr.Request, token: Value, question: str, *knobs: Any
    ) -> Iterator[Value]:
        """The ladder of the allocators that the browser names (`allocators`), every other knob as it is."""
        named = sent(event, "allocators")
        own = dict(zip(session.DEFAULTS, knobs))["allocator"]
        chosen = [a.name for a in ALLOCATORS if isinstance(named, list) and a.name in named] or [own]

        def states(explorer: Any, image: Any, text: str) -> Iterator[Value]:
            from ecoflap import breaking  # brings torch, which takes seconds to import

            recipe, about = session.recipe_of(*knobs), self._about(text, knobs)
            yield about | {"percents": breaking.PERCENTS, "strips": [{"allocator": n, "rungs": []} for n in chosen]}
            for ladder in breaking.climb(explorer, image, text, recipe, chosen):
                yield about | {"percents": breaking.PERCENTS} | ladder_value(ladder, self.language)

        for value in self._run(LADDER, request, token, question, states):
            yield value | {"run": sent(event, "run")}

    def explain(
        self, event: gr.EventData, request: gr.Request, token: Value, question: str, *knobs: Any
    ) -> Iterator[Value]:
        """What every block wins back of the answer's loss when it alone is restored."""

        def states(explorer: Any, image: Any, text: str) -> Iterator[Value]:
            from ecoflap import blaming  # as above

            recipe = session.recipe_of(*knobs)
            key = payload.key_of(recipe, self.handlers.model())
            about = self._about(text, knobs) | {"key": key, "percent": round(recipe.target * 100)}
            for blame in blaming.restore(explorer, image, text, recipe):
                yield about | blame_value(blame)

        for value in self._run(BLAME, request, token, question, states):
            yield value | {"run": sent(event, "run")}

    def forget(self, request: gr.Request) -> tuple[None, None]:
        """Another picture: end what is under way, and show nothing of the old one."""
        for kind in (LADDER, BLAME):
            self.jobs.stop(request.session_hash, kind)
        return None, None

    def stop(self, event: gr.EventData, request: gr.Request) -> None:
        """End this person's work of the kind that the browser names (`kind`) at its next step."""
        if sent(event, "kind") in (LADDER, BLAME):
            self.jobs.stop(request.session_hash, sent(event, "kind"))

    def _about(self, text: str, knobs: tuple[Any, ...]) -> Value:
        """What an answer is about: the question, the model and its scores, and the knobs that a ladder leaves alone."""
        return {
            "question": text,
            "of": self.handlers.host.generation,
            "model": self.handlers.model(),
            "chosen": self.handlers.kind() in (CLASSIFIER, ZERO_SHOT),
            "knobs": {name: value for name, value in zip(session.DEFAULTS, knobs) if name not in TURNED},
        }

    def _run(
        self,
        kind: str,
        request: gr.Request,
        token: Value,
        question: str,
        states: Callable[[Any, Any, str], Iterator[Value]],
    ) -> Iterator[Value]:
        """The states of a job as they come, and in the end; one that was stopped keeps what it has."""
        latest: Value = {}
        explorer: Any = None
        waiting = {"state": "busy", "words": say("page.ask.waiting", self.language)}

        def work(tell: Tell) -> None:
            nonlocal latest, explorer
            wait_for(self.handlers.explorer, tell, waiting)
            with in_turn(self.handlers.host.lines[LADDER], tell, self.language):
                explorer, taken = self.handlers.explorer, KINDS[self.handlers.kind()]
                image = session.picture_for(token) if "picture" in taken else None
                for latest in states(explorer, image, question if "text" in taken else ""):
                    tell({"state": "busy"} | latest)

        try:
            if not self.handlers.explorer.status(self.language).ready:
                yield waiting
            yield from self.jobs.run(request.session_hash, kind, work)
            if self.handlers.explorer is not explorer:
                raise EcoflapError("page_model_changed")
            yield {"state": "done"} | latest
        except Cancelled:
            yield {"state": "stopped"} | latest
        except EcoflapError as error:
            yield {"state": "error", "words": error.text(self.language)}
        except Exception as error:  # whatever a model runs into, memory for one, is said where the result would be
            told = failure(error, lambda reason: EcoflapError("page_ask_failed", reason=reason))
            yield {"state": "error", "words": told.text(self.language)}


def ladder_value(ladder: "Ladder", language: str) -> Value:
    """A ladder as JSON, as far as it goes."""
    strips = [_strip(strip, ladder.dense, language) for strip in ladder.strips]
    return {"dense": ladder.dense, "strips": strips, "left": ladder.left, "seconds": ladder.seconds}


def _strip(strip: "Strip", dense: str, language: str) -> Value:
    found = {name: getattr(strip, name) for name in ("allocator", "right_to", "wrong_from", "back")}
    return found | {"rungs": [_rung(rung, dense, language) for rung in strip.rungs]}


def _rung(rung: "Rung", dense: str, language: str) -> Value:
    if rung.problem is not None:
        return {"percent": rung.percent, "answer": None, "same": None, "problem": rung.problem.text(language)}
    return {"percent": rung.percent, "loss": rung.loss} | _reply(rung, dense)


def _reply(reply: "Reply | Rung", dense: str) -> Value:
    """An answer with its words, each run with whether the dense answer has it too."""
    words = _words(dense, reply.answer)
    return {"answer": reply.answer, "same": reply.same, "cut": reply.cut, "words": words}


@lru_cache(maxsize=512)
def _words(dense: str, answer: str) -> Words:
    return marked(dense, answer)[1]


def blame_value(blame: "Blame") -> Value:
    """What is known of the blocks as JSON, those that win back most first."""
    blocks = [{"block": block, "share": share, "loss": blame.losses[block]} for block, share in blame.shares.items()]
    for entry in blocks:
        if entry["block"] in blame.heard:
            entry["heard"] = _reply(blame.heard[entry["block"]], blame.dense)
    return {
        "dense": blame.dense,
        "pruned": _reply(blame.pruned, blame.dense),
        "losses": [blame.dense_loss, blame.pruned_loss],
        "blocks": blocks,
        "total": blame.blocks,
        "left": blame.left,
        "seconds": blame.seconds,
    }
