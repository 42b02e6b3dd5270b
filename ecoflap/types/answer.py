"""A question about a picture, and what a model says to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecoflap.errors import EcoflapError

if TYPE_CHECKING:
    from PIL import Image


# Enough for the longest answer that people read; the demo's caption of six objects has fewer.
MAX_NEW_TOKENS = 64
# More than the largest evaluation split in use has (VQAv2's, 214,354 questions).
MOST_SAMPLES = 250_000


def check_choice(count: int, seed: int) -> None:
    """Raise unless `count` samples can be chosen by `seed`."""
    if not 1 <= count <= MOST_SAMPLES:
        raise EcoflapError("samples_count", value=count, most=f"{MOST_SAMPLES:,}")
    if seed < 0:
        raise EcoflapError("samples_seed", value=seed)


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
        tokens: the generated tokens as text, end token left out; of a model that chooses among labels the most probable
            ones, of which the first is the answer.
        probabilities: probability of each of `tokens` when it was chosen, or of each label, in [0, 1].
    """

    text: str
    tokens: tuple[str, ...]
    probabilities: tuple[float, ...]
