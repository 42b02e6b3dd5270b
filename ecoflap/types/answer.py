"""A question about a picture, and what a model says to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Sample:
    """What a model is asked, and what is right.

    Attributes:
        image: the picture; None for a model that reads text alone.
        question: about the picture; empty for a model that classifies pictures.
        answer: the expected answer.
        kind: the type of question.
        references: all accepted answers, as ten people gave them in VQAv2; empty where `answer` is the only one.
    """

    image: "Image.Image | None"
    question: str
    answer: str
    kind: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a model answered.

    Attributes:
        text: the decoded answer.
        tokens: the generated tokens as text, end token left out.
        probabilities: probability of each of `tokens` when it was chosen, in [0, 1].
    """

    text: str
    tokens: tuple[str, ...]
    probabilities: tuple[float, ...]
