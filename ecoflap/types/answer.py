"""A question about a picture, and what a model says to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Sample:
    """A picture, a question about it, the expected answer and the type of question."""

    image: "Image.Image"
    question: str
    answer: str
    kind: str = ""


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
