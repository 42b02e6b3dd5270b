"""Asking: what is put before a model, checked, and what its states (dense, pruned, pinned) say to it."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ecoflap.errors import EcoflapError
from ecoflap.models.kinds import ZERO_SHOT, candidates
from ecoflap.types import Allocation, Answer, Recipe, Sample
from ecoflap.types.loading import KINDS

if TYPE_CHECKING:
    from PIL import Image

    from ecoflap.engine import Engine

# The states of the model that are asked, in this order; the last one where a recipe is pinned.
DENSE, PRUNED, PINNED = "dense", "pruned", "pinned"

MAX_QUESTION = 500


def sample_of(kind: str, image: "Image.Image | None", question: Any) -> Sample:
    """A question to a model of `kind`, one of KINDS.

    Raises:
        EcoflapError: no picture, no question, one that is no text or too long, fewer than two labels; or a picture or a
            question to a model that has no use for it.
    """
    wanted = KINDS[kind]
    if image is None and wanted != "text":
        raise EcoflapError("picture_none")
    if image is not None and wanted == "text":
        raise EcoflapError("picture_unwanted")
    if wanted == "picture":
        if _text(question):
            raise EcoflapError("question_unwanted", value=question)
        return Sample(image, "", "")
    text = checked_question(question)
    if kind == ZERO_SHOT:
        candidates(text)
    return Sample(image, text, "")


def checked_question(question: Any) -> str:
    """The question without blanks around it.

    Raises:
        EcoflapError: it is no text, empty, or longer than MAX_QUESTION characters.
    """
    text = _text(question)
    if not text:
        raise EcoflapError("question_empty")
    if len(text) > MAX_QUESTION:
        raise EcoflapError("question_long", length=len(text), most=MAX_QUESTION)
    return text


def _text(question: Any) -> str:
    """The question as text; None is none."""
    if not isinstance(question, str | None):
        raise EcoflapError("not_a_text", name="question", value=question)
    # A lone surrogate is no text that a tokenizer takes.
    return (question or "").encode("utf-8", "replace").decode().strip()


@dataclass(frozen=True)
class Said:
    """What one state of the model says, so far or in the end.

    Attributes:
        answer: as far as it goes.
        allocation: that pruned; None of the dense model.
        done: whether this is all.
        seconds: that the answer took.
        kept: whether it was asked before, and comes from then.
        surprise: mean loss of the dense answer in this state, in nats per token; None where nobody measured it.
    """

    answer: Answer
    allocation: Allocation | None
    done: bool = False
    seconds: float = 0.0
    kept: bool = False
    surprise: float | None = None


# Told the state's name and what it says so far, as often as there is more; raises Cancelled to end it.
Tell = Callable[[str, Said], None]


@dataclass(frozen=True)
class Asked:
    """What every state said to one question."""

    said: Mapping[str, Said]

    @property
    def dense(self) -> Answer:
        """The dense answer."""
        return self.said[DENSE].answer

    @property
    def pruned(self) -> Answer:
        """The pruned answer."""
        return self.said[PRUNED].answer

    @property
    def allocation(self) -> Allocation:
        """What pruned."""
        return self.said[PRUNED].allocation

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by state."""
        return {name: said.seconds for name, said in self.said.items()}


def ask(
    engine: "Engine",
    sample: Sample,
    recipes: Mapping[str, tuple[Allocation | None, Recipe | None]],
    kept: Any,
    tell: Tell | None = None,
) -> Asked:
    """Ask every state in turn; the model is held for one state at a time.

    Args:
        engine: the model.
        sample: the question.
        recipes: name of a state -> what makes it, the dense one first.
        kept: answers of before, with `get` and `put`.
        tell: told all that is said, and with it how surprising the dense answer is; None for the answers alone.
    """
    said: dict[str, Said] = {}
    for name, (allocation, recipe) in recipes.items():
        key = (tell is not None, *_identity(sample), allocation and allocation.kept, repr(recipe))
        found = kept.get(key)
        if found is None and tell is None:  # what was told aloud is as good
            found = kept.get((True, *key[1:]))
        if found is None:
            expected = said[DENSE].answer.text if said else None
            hear = None if tell is None else _hearer(name, allocation, tell)
            found = kept.put(key, _one(engine, sample, allocation, recipe, hear, expected))
        else:
            found = replace(found, kept=True)
        said[name] = found
        if tell is not None:
            tell(name, found)
    return Asked(said)


def _hearer(name: str, allocation: Allocation | None, tell: Tell) -> Callable[[Answer], None]:
    """Tells that a state has begun, and from then on whatever it is heard to say."""

    def hear(answer: Answer) -> None:
        tell(name, Said(answer, allocation))

    hear(Answer("", (), ()))
    return hear


def _one(
    engine: "Engine",
    sample: Sample,
    allocation: Allocation | None,
    recipe: Recipe | None,
    hear: Callable[[Answer], None] | None,
    expected: str | None,
) -> Said:
    """What one state says in the end."""
    began = time.perf_counter()
    if hear is None:
        answer, surprise = engine.answer([sample], allocation, recipe)[0], None
    else:
        with engine.state(allocation, recipe) as model:
            answer = model.answer_aloud(sample, hear)
            surprise = model.surprise(replace(sample, answer=answer.text if expected is None else expected))
    return Said(answer, allocation, True, time.perf_counter() - began, False, surprise)


def _identity(sample: Sample) -> tuple[Any, ...]:
    """What tells a question from others."""
    image = sample.image
    shown = () if image is None else (image.mode, image.size, hashlib.sha256(image.tobytes()).digest())
    return sample.question, *shown
