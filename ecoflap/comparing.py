"""Statistics of a sweep: methods against each other on the same questions, and where each one's accuracy falls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecoflap.errors import EcoflapError
from ecoflap.sweep import DENSE, SweepPoint
from ecoflap.sweep_file import points_at
from ecoflap.types.marks import from_text

# Resamples of a bootstrap, and the seed of its generator: the same points always give the same interval.
DRAWS, SEED = 4000, 0
# Ends of a 95% interval.
ENDS = (2.5, 97.5)


@dataclass(frozen=True)
class Difference:
    """Mean accuracy of one method less that of another on the same questions, with its 95% interval.

    Attributes:
        mean: over targets, calibration seeds and questions; 0.01 is a point.
        low, high: of a paired bootstrap over seeds and questions.
    """

    mean: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def difference(ours: np.ndarray, theirs: np.ndarray, draws: int = DRAWS) -> Difference:
    """A paired bootstrap (Efron and Tibshirani, 1993) that draws calibration seeds and questions anew, crossed.

    Args:
        ours: marks, (seeds, questions), each the mean over the targets where there are several.
        theirs: of the same seeds and questions.
        draws: number of resamples.
    """
    pairs = np.asarray(ours, dtype=np.float64) - theirs
    seeds, questions = pairs.shape
    generator = np.random.default_rng(SEED)
    of_seeds = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) @ pairs
    often = generator.multinomial(questions, np.full(questions, 1 / questions), size=draws)
    low, high = np.percentile((of_seeds * often).sum(axis=1) / pairs.size, ENDS)
    return Difference(float(pairs.mean()), float(low), float(high))


def falls(targets: Sequence[float], accuracies: Sequence[float], dense: float, points: float) -> float | None:
    """The sparsity at which accuracy first is `points` (0.05 for five points) below the dense model's.

    Accuracy is linear between the measured targets, and dense at 0. None where it never falls so far.
    """
    level, before = dense - points, (0.0, dense)
    for target, accuracy in sorted(zip(targets, accuracies)):
        if accuracy <= level:
            start, high = before
            return start + (target - start) * (high - level) / (high - accuracy)
        before = target, accuracy
    return None


def read(paths: Sequence[Path]) -> "Measured":
    """The points of one or several files that `sweep` wrote, all of one model and one evaluation set.

    Raises:
        EcoflapError: a file is not there or none, or the points cannot be compared.
    """
    points: list[SweepPoint] = []
    for path in paths:
        points += points_at(path).values()
    dense = {point.key for point in points if point.allocator == DENSE}
    others = [point for point in points if point.allocator != DENSE]
    if len(dense) != 1 or not others:
        raise EcoflapError("sweep_mixed", count=len(dense), points=len(others))
    if any(not point.marks for point in points):
        raise EcoflapError("sweep_unmarked")
    return Measured(points)


class Measured:
    """The points of a sweep on one evaluation set, by pruner, allocator, target and calibration seed."""

    def __init__(self, points: Iterable[SweepPoint]) -> None:
        """Sort them; the last of several points of one place counts."""
        self._points: dict[tuple[str, str], dict[tuple[float, int], SweepPoint]] = {}
        self.dense: SweepPoint | None = None
        for point in points:
            if point.allocator == DENSE:
                self.dense = point
            else:
                place = self._points.setdefault((point.pruner, point.allocator), {})
                place[point.target, point.seed] = point

    def methods(self) -> list[tuple[str, str]]:
        """(pruner, allocator) in order of first appearance."""
        return list(self._points)

    def targets(self, *methods: tuple[str, str]) -> list[float]:
        """Targets that all of `methods` were measured at."""
        return sorted(set.intersection(*({target for target, _ in self._points[method]} for method in methods)))

    def seeds(self, target: float, *methods: tuple[str, str]) -> list[int]:
        """Calibration seeds that all of `methods` were measured with at `target`."""
        return sorted(
            set.intersection(*({seed for at, seed in self._points[method] if at == target} for method in methods))
        )

    def marks(self, method: tuple[str, str], target: float, seeds: Sequence[int]) -> np.ndarray:
        """Marks of every question, (seeds, questions)."""
        return np.stack([from_text(self._points[method][target, seed].marks) for seed in seeds])

    def accuracy(self, method: tuple[str, str], target: float) -> float:
        """Mean over the calibration seeds."""
        seeds = self.seeds(target, method)
        return float(np.mean([self._points[method][target, seed].accuracy for seed in seeds]))

    def at(self, method: tuple[str, str], target: float) -> list[SweepPoint]:
        """The points at one target, one a seed."""
        return [self._points[method][target, seed] for seed in self.seeds(target, method)]

    def against(self, method: tuple[str, str], other: tuple[str, str], targets: Sequence[float]) -> Difference | None:
        """`method` less `other` over `targets`, on the seeds that both have at all of them; None without such seeds."""
        common = [set(self.seeds(target, method, other)) for target in targets]
        seeds = sorted(set.intersection(*common)) if common else []
        if not seeds:
            return None
        ours, theirs = (np.mean([self.marks(one, t, seeds) for t in targets], axis=0) for one in (method, other))
        return difference(ours, theirs)

    def falls(self, method: tuple[str, str], points: float) -> float | None:
        """See `falls`, of the mean over the seeds."""
        targets = self.targets(method)
        return falls(targets, [self.accuracy(method, target) for target in targets], self.dense.accuracy, points)
