"""Right or wrong: exact match after normalisation, with the interval that belongs beside every share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Two-sided 95%.
Z = 1.959963984540054


def normalise(text: str) -> str:
    """Lower case, single blanks, no closing marks: what an exact match compares."""
    return " ".join(text.lower().split()).rstrip(" .?!")


def exact_match(answer: str, expected: str) -> bool:
    """Whether the answer is right to the last word."""
    return normalise(answer) == normalise(expected)


@dataclass(frozen=True)
class Share:
    """`right` of `total`, with its 95% Wilson score interval (Wilson, JASA 1927)."""

    right: int
    total: int

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.right / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end."""
        n, p = self.total, self.value
        middle = p + Z * Z / (2 * n)
        half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return max(0.0, (middle - half) / (1 + Z * Z / n)), min(1.0, (middle + half) / (1 + Z * Z / n))

    def to_json(self) -> dict[str, object]:
        """Share, interval and counts."""
        return {"accuracy": self.value, "interval": list(self.interval), "right": self.right, "questions": self.total}


def share(marks: Sequence[bool]) -> Share:
    """The share of True among `marks`, of which there is at least one."""
    return Share(sum(marks), len(marks))


def by_kind(marks: Sequence[bool], kinds: Sequence[str]) -> dict[str, Share]:
    """The share of True per kind, kinds in alphabetical order."""
    groups: dict[str, list[bool]] = {}
    for mark, kind in zip(marks, kinds, strict=True):
        groups.setdefault(kind, []).append(mark)
    return {kind: share(groups[kind]) for kind in sorted(groups)}
