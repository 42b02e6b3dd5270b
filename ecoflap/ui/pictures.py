"""Pictures for the Ask section: examples, fresh scenes, uploads and drawings, as small JSON for the browser."""

import base64
import io
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image

from ecoflap.models.kinds import CLASSIFIER, VISION_LANGUAGE
from ecoflap.texts import say
from ecoflap.ui import session

# Evaluation scenes (never seen in training) that show few and many shapes, plain and patterned grounds.
EXAMPLE_INDICES = (36, 17, 20, 50, 61, 6)
THUMB, SHOWN = 96, 512
# Pictures that are hardly drawn scenes, by where they come from.
PHOTOGRAPHS = ("upload", "pasted", "dropped", "camera")


@dataclass(frozen=True)
class Opened:
    """A picture that was put in front of the model: its token, what the browser shows, and questions to start with."""

    token: dict[str, Any]
    picture: dict[str, Any]
    questions: list[str]
    question: str


def data_url(image: Image.Image, side: int) -> str:
    """The picture, at most `side` pixels a side, as a data URL; PNG, since drawn shapes have hard edges."""
    image = image.copy()
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


@cache
def examples() -> tuple[str, ...]:
    """Small versions of the gallery's examples, drawn once per process."""
    return tuple(data_url(session.picture_for(session.example_token(index)), THUMB) for index in EXAMPLE_INDICES)


def open_token(token: dict[str, Any], kind: str, is_demo: bool, language: str) -> Opened:
    """Show the picture of a token, with questions that fit it, and a plain word where the demo model will not know it.

    Args:
        token: see `session`.
        kind: of the model, one of KINDS.
        is_demo: whether the model knows drawn shapes only.
        language: of the words.

    Raises:
        EcoflapError: the picture cannot be opened.
    """
    image = session.picture_for(token)
    origin = token.get("kind", "scene")
    about_picture = session.questions_for(token) if kind == VISION_LANGUAGE else []
    questions = about_picture or suggestions(kind, is_demo, language)
    note = say("page.ask.photo", language) if is_demo and origin in PHOTOGRAPHS else ""
    words = say(f"page.ask.kind.{'unseen' if is_demo and origin == 'scene' else origin}", language)
    example = token.get("example")  # a batch asks about others than the gallery's
    chosen = EXAMPLE_INDICES.index(example) if example in EXAMPLE_INDICES else None
    picture = {"src": data_url(image, SHOWN), "words": words, "note": note, "chosen": chosen, "error": ""}
    picture["mark"] = session.mark_of(token)
    picture["scene"] = linked(token)
    return Opened(token, picture, questions, questions[0] if questions else "")


def linked(token: dict[str, Any]) -> dict[str, int] | None:
    """What a link says of a picture: an example by its place in the gallery, from 1, or a scene by its seed.

    None for what belongs to one session, such as an upload.
    """
    if "seed" in token:
        return {"seed": token["seed"]}
    example = token.get("example")
    return {"example": EXAMPLE_INDICES.index(example) + 1} if example in EXAMPLE_INDICES else None


def opening(kind: str, is_demo: bool, language: str) -> Opened:
    """The picture that the page opens with."""
    return open_token(session.example_token(EXAMPLE_INDICES[0]), kind, is_demo, language)


def suggestions(kind: str, is_demo: bool, language: str) -> list[str]:
    """What to ask a kind of model where nothing is known about the picture; nothing for a classifier."""
    if kind == CLASSIFIER:
        return []
    which = kind if kind != VISION_LANGUAGE else "demo" if is_demo else "real"
    return [say(f"page.suggest.{which}.{i}", language) for i in range(1, 5)]
