"""Right or wrong: exact match after normalisation, with the interval that belongs beside every share."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ecoflap.errors import EcoflapError

# Two-sided 95%.
Z = 1.959963984540054
Part = TypeVar("Part")
# What may stand around a word without making it another one.
MARKS = ".,;:?!\"'()"


def normalise(text: str) -> str:
    """Lower case, single blanks, no closing marks: what an exact match compares."""
    return " ".join(text.lower().split()).rstrip(" .?!")


def bare(word: str) -> str:
    """A word without the marks and blanks around it, in lower case; empty where there is nothing else."""
    return word.strip(MARKS + " ").lower()


def same_words(one: str, other: str) -> bool:
    """Whether two answers have the same words: case, blanks and the marks around words do not count."""
    return [bare(word) for word in one.split() if bare(word)] == [bare(word) for word in other.split() if bare(word)]


def exact_match(answer: str, expected: str) -> bool:
    """Whether the answer is right to the last word."""
    return normalise(answer) == normalise(expected)


def label_of(answer: str, labels: Sequence[str]) -> str:
    """The one of `labels` that an answer means: the same but for case, blanks and a closing mark.

    Raises:
        EcoflapError: none is.
    """
    wanted = normalise(answer)
    found = next((label for label in labels if normalise(label) == wanted), None)
    if found is None:
        some = ", ".join(labels[:3]) + (", ..." if len(labels) > 3 else "")
        raise EcoflapError("answer_no_label", answer=answer, count=len(labels), some=some)
    return found


def wilson(share: float, count: float) -> tuple[float, float]:
    """The 95% score interval of a `share` of `count` (Wilson, JASA 1927)."""
    middle = share + Z * Z / (2 * count)
    half = Z * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return max(0.0, (middle - half) / (1 + Z * Z / count)), min(1.0, (middle + half) / (1 + Z * Z / count))


@dataclass(frozen=True)
class Share:
    """`right` of `total`, with its 95% Wilson score interval."""

    right: int
    total: int

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.right / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end."""
        return wilson(self.value, self.total)

    def to_json(self) -> dict[str, object]:
        """Share, interval and counts."""
        return {"accuracy": self.value, "interval": list(self.interval), "right": self.right, "questions": self.total}


@dataclass(frozen=True)
class Mean:
    """The mean of `total` marks from 0 to 1 with the sum `points` and the sum of squares `squares`.

    Its interval is Wilson's at the effective number of marks, total * p (1 - p) / variance (Kish's design effect,
    Survey Sampling 1965, as used by Korn and Graubard 1998): of marks that are all 0 or 1 it is that of a share, and
    as much narrower as others scatter less.
    """

    points: float
    squares: float
    total: int

    @property
    def value(self) -> float:
        """The mean, 0 to 1."""
        return self.points / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end; marks all alike say nothing of how they scatter and count as right or wrong."""
        most, variance = self.value * (1 - self.value), self.squares / self.total - self.value**2
        return wilson(self.value, self.total * most / variance if variance > 1e-12 else self.total)

    def to_json(self) -> dict[str, object]:
        """Mean, interval and number."""
        return {"accuracy": self.value, "interval": list(self.interval), "questions": self.total}


def share(marks: Sequence[bool]) -> Share:
    """The share of True among `marks`, of which there is at least one."""
    return Share(sum(marks), len(marks))


def mean(marks: Sequence[float]) -> Mean:
    """The mean of `marks`, each from 0 to 1; there is at least one."""
    return Mean(math.fsum(marks), math.fsum(mark * mark for mark in marks), len(marks))


def by_kind(marks: Sequence[float], kinds: Sequence[str], of: Callable[[list], Part] = share) -> dict[str, Part]:
    """`of` the marks per kind, kinds in alphabetical order."""
    groups: dict[str, list] = {}
    for mark, kind in zip(marks, kinds, strict=True):
        groups.setdefault(kind, []).append(mark)
    return {kind: of(groups[kind]) for kind in sorted(groups)}
