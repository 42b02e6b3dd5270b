"""One prunable weight matrix."""

import sys
from dataclasses import dataclass, field
from typing import Any

from ecoflap.errors import EcoflapError

MODALITIES = ("vision", "bridge", "language")
# Beyond this a float64 no longer counts single weights.
MOST_WEIGHTS = 2**53
# Characters of a name; a file's own name, which a method may hold, has 255 at most.
MOST_NAME = 300
# Numbers in a row of measured values: quantiles, say.
MOST_ROW = 1025


def is_number(value: Any) -> bool:
    """Whether `value` is a finite number and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def check_name(value: Any, place: str) -> str:
    """`value`, if it can be a name: a text of at most MOST_NAME characters that UTF-8 can write.

    Raises:
        EcoflapError: it cannot; `place` says where it stands.
    """
    if not isinstance(value, str):
        raise EcoflapError("bundle_entry", place=place, value=type(value).__name__)
    if len(value) > MOST_NAME:
        raise EcoflapError("bundle_name_long", place=place, length=len(value), most=MOST_NAME)
    try:
        value.encode()
    except UnicodeEncodeError as error:  # JSON can name half a character
        raise EcoflapError("bundle_name_form", place=place, value=ascii(value[:40])) from error
    return value


@dataclass(frozen=True)
class Layer:
    """One prunable weight matrix of `rows` x `cols`, and what is known of its importance.

    Attributes:
        name: the module's name in the model, which is also how masks find it.
        block: the transformer block that it belongs to.
        modality: vision, bridge or language.
        score: importance score, at least 0; 0 until something is measured.
        stderr: standard error of `score`, in the same unit; None where unknown.
        draws: how many draws `score` is the mean of.
        curve: (sparsity, loss increase, standard error) points: the layer's share of what pruning its block alone does
            to the loss, so that curves of layers add up.
        stats: further measured values, or rows of them, by the name of the need that they serve.
    """

    name: str
    block: str
    modality: str
    rows: int
    cols: int
    score: float = 0.0
    stderr: float | None = None
    draws: int | None = None
    curve: tuple[tuple[float, float, float], ...] = ()
    stats: dict[str, float | tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.modality not in MODALITIES:
            raise EcoflapError("layer_modality", name=self.name, value=self.modality, choices=", ".join(MODALITIES))
        for side in ("rows", "cols"):
            value = getattr(self, side)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise EcoflapError("layer_shape", name=self.name, side=side, value=value)
        if self.size > MOST_WEIGHTS:
            raise EcoflapError("layer_shape", name=self.name, side="rows x cols", value=f"{self.rows} x {self.cols}")
        if not is_number(self.score) or self.score < 0:
            raise EcoflapError("layer_score", name=self.name, value=self.score)
        if self.stderr is not None and not (is_number(self.stderr) and self.stderr >= 0):
            raise EcoflapError("layer_fact", name=self.name, fact="stderr", value=self.stderr)
        if self.draws is not None and not (type(self.draws) is int and self.draws > 0):
            raise EcoflapError("layer_fact", name=self.name, fact="draws", value=self.draws)
        if not _is_curve(self.curve):
            raise EcoflapError("layer_fact", name=self.name, fact="curve", value=self.curve)
        if not all(map(_is_stat, self.stats.values())):
            raise EcoflapError("layer_fact", name=self.name, fact="stats", value=self.stats)

    @property
    def size(self) -> int:
        """Number of weights."""
        return self.rows * self.cols

    def to_json(self) -> dict[str, Any]:
        """The layer's entry in a score bundle; optional values only where they are known."""
        entry: dict[str, Any] = {
            key: getattr(self, key) for key in ("name", "block", "modality", "rows", "cols", "score")
        }
        if self.stderr is not None:
            entry["stderr"] = self.stderr
        if self.draws is not None:
            entry["draws"] = self.draws
        if self.curve:
            entry["curve"] = [list(point) for point in self.curve]
        if self.stats:
            entry["stats"] = {
                name: list(value) if isinstance(value, tuple) else value for name, value in self.stats.items()
            }
        return entry

    @classmethod
    def from_json(cls, entry: Any, place: str) -> "Layer":
        """A layer from its bundle entry; `place` names the entry in errors.

        Raises:
            EcoflapError: a field is missing or has a value that no layer can have.
        """
        if not isinstance(entry, dict):
            raise EcoflapError("bundle_entry", place=place, value=type(entry).__name__)
        missing = [key for key in ("name", "block", "modality", "rows", "cols", "score") if key not in entry]
        if missing:
            raise EcoflapError("bundle_field", place=place, fields=", ".join(missing))
        for key in ("name", "block"):
            check_name(entry[key], f"{place}.{key}")
        known = {key: entry[key] for key in cls.__dataclass_fields__ if key in entry}
        known["curve"] = _curve(entry.get("curve", []), place)
        stats = entry.get("stats", {})
        if not isinstance(stats, dict):
            raise EcoflapError("bundle_entry", place=f"{place}.stats", value=type(stats).__name__)
        known["stats"] = {name: tuple(value) if isinstance(value, list) else value for name, value in stats.items()}
        return cls(**known)


def _is_stat(value: Any) -> bool:
    """Whether it is a number, or a row of at most MOST_ROW."""
    return is_number(value) or (isinstance(value, tuple) and 1 < len(value) <= MOST_ROW and all(map(is_number, value)))


def _is_curve(points: tuple[tuple[float, ...], ...]) -> bool:
    """Whether every point is (sparsity above 0, increase, standard error), no sparsity twice."""
    if not all(len(point) == 3 and all(map(is_number, point)) for point in points):
        return False
    within = all(0 < sparsity <= 1 and error >= 0 for sparsity, _, error in points)
    return within and len({point[0] for point in points}) == len(points)


def _curve(points: Any, place: str) -> tuple[tuple[float, ...], ...]:
    """The points of a curve as tuples."""
    if not isinstance(points, list) or not all(isinstance(point, list) for point in points):
        raise EcoflapError("bundle_entry", place=f"{place}.curve", value=type(points).__name__)
    return tuple(map(tuple, points))
