"""What is put before a model: the picture and the question that its kind takes, checked."""

from typing import TYPE_CHECKING, Any

from ecoflap.errors import EcoflapError
from ecoflap.models.kinds import ZERO_SHOT, candidates
from ecoflap.types import Sample
from ecoflap.types.loading import KINDS

if TYPE_CHECKING:
    from PIL import Image

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
