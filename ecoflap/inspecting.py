"""One layer looked at closely: its weights, its mask, and what is zero in two recipes.

Everything is counted over a few rows at a time on the device that holds the weights, so a layer of 10^8 weights needs
little room beside itself, and only counts leave the device.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecoflap.errors import EcoflapError
from ecoflap.masking import Ranked, first_kept, ranks, scope_of
from ecoflap.pruning.registry import find
from ecoflap.types import Allocation, Layer, Recipe, pattern

if TYPE_CHECKING:
    from ecoflap.engine import Engine

BINS = 64
# Cells of the mask's picture along each side, and points of the sparsity along the rows, at most.
CELLS, POINTS = 64, 128
# Weights treated at a time.
_CHUNK = 2**21
# A histogram reaches this many deviations from its middle: weights (their root mean square), and logarithms of the
# criterion, whose small values lie far out. What is beyond counts in the last bin of that side.
_WEIGHTS_REACH, _LOGS_REACH = 4.0, 5.0
# Weights from which that middle and deviation are taken.
_SAMPLE = 2**20
# The logarithm that a criterion of zero is given.
_ZERO = math.log10(torch.finfo(torch.float32).tiny)


@dataclass(frozen=True, eq=False)
class Selected:
    """One layer under one recipe.

    Attributes:
        layer: its shape.
        kept: how many weights stay.
        weight: the dense ones, (rows, cols).
        criterion: rows -> what each of their weights is worth to the pruner, float32.
        ranked: by which they go; None where all stay.
    """

    layer: Layer
    kept: int
    weight: torch.Tensor
    criterion: Callable[[slice], torch.Tensor]
    ranked: Ranked | None

    def parts(self) -> Iterator[slice]:
        """Rows that are treated together."""
        step = max(1, _CHUNK // self.layer.cols)
        return (slice(start, start + step) for start in range(0, self.layer.rows, step))

    def keep(self, rows: slice) -> torch.Tensor:
        """True where a weight stays, as in `masking.keep_mask`: (rows, cols) bool."""
        if self.ranked is None:
            return torch.ones_like(self.weight[rows], dtype=torch.bool)
        least = first_kept(self.layer, self.kept, self.ranked)
        return self.ranked.ranks[rows] >= (least if isinstance(least, int) else least[rows])

    def values(self, rows: slice) -> torch.Tensor:
        """The weights as float32; what is no number counts as zero."""
        return self.weight[rows].float().nan_to_num()

    def logs(self, rows: slice) -> torch.Tensor:
        """Base-10 logarithms of the criterion, _ZERO where it is zero or no number."""
        return self.criterion(rows).nan_to_num().log10_().clamp_(min=_ZERO)


@dataclass(frozen=True)
class Histogram:
    """Weights kept and removed in BINS equal steps from `low` to `high`; the end bins hold what lies beyond, too."""

    low: float
    high: float
    kept: list[int]
    removed: list[int]


@dataclass(frozen=True)
class Threshold:
    """The largest criterion, as a logarithm, of what goes: `least` is `most` where the whole matrix is compared.

    Where rows are compared, each has its own: the least, the median and the most of them.
    """

    least: float
    middle: float
    most: float


@dataclass(frozen=True)
class Zeros:
    """How many weights are zero in two recipes: in both, in A alone, in the present one alone, in neither."""

    both: int
    only_a: int
    only_now: int
    neither: int

    @property
    def overlap(self) -> float | None:
        """Zeros in both of those in either (intersection over union); None where nothing is zero."""
        either = self.both + self.only_a + self.only_now
        return self.both / either if either else None


@dataclass(frozen=True)
class Inspection:
    """What can be seen of one layer under one recipe.

    Attributes:
        layer: its shape and name.
        kept: how many weights stay.
        scope: within what weights are compared: row, matrix, an N:M pattern; "" where all stay.
        weights: histogram of the weights, about zero.
        criterion: histogram of the base-10 logarithms of the pruner's criterion.
        threshold: of the criterion; None where there is none: all stay, or an N:M pattern compares groups of M.
        cells: (at most CELLS, at most CELLS) uint8, density of the mask from 0 to 255, outputs down, inputs across.
        rows: least, mean and largest sparsity of the rows at each of at most POINTS places, (3, points).
        silent: outputs that lost every weight.
        unread: inputs that no output reads any more.
    """

    layer: Layer
    kept: int
    scope: str
    weights: Histogram
    criterion: Histogram
    threshold: Threshold | None
    cells: np.ndarray
    rows: np.ndarray
    silent: int
    unread: int


def select(engine: "Engine", name: str, allocation: Allocation, recipe: Recipe) -> Selected:
    """The layer `name` of a loaded model as `recipe` prunes it; the model is held for a moment only.

    Raises:
        EcoflapError: a layer that the allocation does not have, or a calibration or a pruner that has to be solved.
    """
    if recipe.calibration != "dense":
        raise EcoflapError("inspect_sequential", calibration=recipe.calibration)
    if find(recipe.pruner).moves:
        raise EcoflapError("inspect_moves", pruner=find(recipe.pruner).title)
    place = next((i for i, layer in enumerate(allocation.layers) if layer.name == name), None)
    if place is None:
        raise EcoflapError("inspect_layer", layer=name)
    layer, kept, pruner = allocation.layers[place], allocation.kept[place], find(recipe.pruner)
    weight, norm, ranked = engine.close_look(name, recipe)

    @cache
    def whole() -> torch.Tensor:
        return pruner.importance(weight, norm)

    def criterion(rows: slice) -> torch.Tensor:
        return whole()[rows] if pruner.across_rows else pruner.importance(weight[rows], norm)

    if kept == layer.size:
        ranked = None
    elif ranked is None:  # nobody has pruned by this recipe yet; the other layers are not ranked for a look at this one
        scope = scope_of(layer, recipe.compared)
        ranked = Ranked(ranks(criterion(slice(None)), scope), scope)
    return Selected(layer, kept, weight, criterion, ranked)


@torch.no_grad()
def inspect(chosen: Selected) -> Inspection:
    """Look closely at one layer."""
    limit, low, high = _reach(chosen)
    weights = criterion = by_col = 0
    cells, by_row, worst = [], [], []
    for part in chosen.parts():
        keep, logs = chosen.keep(part), chosen.logs(part)
        weights = weights + _counts(chosen.values(part), keep, -limit, limit)
        criterion = criterion + _counts(logs, keep, low, high)
        by_col = by_col + keep.sum(dim=0)
        by_row.append(keep.sum(dim=1))
        cells.append(densities(keep))
        worst.append(logs.masked_fill_(keep, -torch.inf).amax(dim=1))
    lost = chosen.layer.cols - torch.cat(by_row).cpu().numpy()
    return Inspection(
        layer=chosen.layer,
        kept=chosen.kept,
        scope=chosen.ranked.scope if chosen.ranked else "",
        weights=_histogram(-limit, limit, weights),
        criterion=_histogram(low, high, criterion),
        threshold=_threshold(chosen.ranked, torch.cat(worst)),
        cells=_thumbnail(torch.cat(cells).cpu().numpy()),
        rows=along(lost / chosen.layer.cols, POINTS),
        silent=int((lost == chosen.layer.cols).sum()),
        unread=int((by_col == 0).sum()),
    )


@torch.no_grad()
def compare(now: Selected, pinned: Selected) -> Zeros:
    """Where two recipes have their zeros in the same layer."""
    both = sum(int((~(now.keep(part) | pinned.keep(part))).sum()) for part in now.parts())
    size = now.layer.size
    only_a, only_now = size - pinned.kept - both, size - now.kept - both
    return Zeros(both, only_a, only_now, size - both - only_a - only_now)


def _reach(chosen: Selected) -> tuple[float, float, float]:
    """Ends of the two histograms, which no recipe moves: of the weights' sizes, lowest and highest logarithm."""
    some = slice(None, None, -(-chosen.layer.size // _SAMPLE))  # evenly spaced rows are enough for that
    values, logs = chosen.values(some), chosen.logs(some).double()
    rms = float(values.double().square().mean().sqrt())
    limit = min(float(values.abs().amax()), _WEIGHTS_REACH * rms) or 1.0
    logs = logs[logs > _ZERO]
    if not len(logs):
        return limit, _ZERO, 0.0
    reach = _LOGS_REACH * logs.std(correction=0)
    low, high = float(max(logs.amin(), logs.mean() - reach)), float(min(logs.amax(), logs.mean() + reach))
    return (limit, low, high) if low < high else (limit, low - 0.5, low + 0.5)


def _counts(values: torch.Tensor, keep: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """How many values lie in each of BINS steps: first of what goes, then of what stays, (2 * BINS,) int64."""
    places = ((values - low) * (BINS / (high - low))).clamp_(0, BINS - 1).int()
    return torch.bincount((places + keep * BINS).flatten(), minlength=2 * BINS)


def _histogram(low: float, high: float, counts: torch.Tensor) -> Histogram:
    removed, kept = counts.reshape(2, BINS).tolist()
    return Histogram(low, high, kept, removed)


def _threshold(ranked: Ranked | None, worst: torch.Tensor) -> Threshold | None:
    """From the largest logarithm of what goes in each row, -inf where nothing does."""
    found = worst[worst > -torch.inf].cpu().numpy()
    if ranked is None or ranked.scope in pattern.GROUPED or not len(found):
        return None
    if ranked.scope == "matrix":
        found = found.max(keepdims=True)
    return Threshold(*(float(pick(found)) for pick in (np.min, np.median, np.max)))


def densities(keep: torch.Tensor) -> torch.Tensor:
    """Share of True in each of at most CELLS runs of columns, equal to a column: (rows, cells) float64."""
    rows, cols = keep.shape
    cells = min(cols, CELLS)
    ends = torch.arange(1, cells + 1, device=keep.device) * cols // cells
    running = keep.cumsum(dim=1, dtype=torch.int32)[:, ends - 1]
    counts = running.diff(dim=1, prepend=running.new_zeros(rows, 1))
    return counts / ends.double().diff(prepend=ends.new_zeros(1).double())


def _thumbnail(across: np.ndarray) -> np.ndarray:
    """Rows of `densities` averaged to at most CELLS, as bytes: (cells, cells) uint8."""
    return np.rint(along(across, CELLS)[1] * 255).astype(np.uint8)


def along(values: np.ndarray, most: int) -> np.ndarray:
    """Least, mean and largest of `values` (n, ...) in each of at most `most` runs: (3, min(n, most), ...)."""
    count = min(len(values), most)
    starts = np.arange(count) * len(values) // count
    sizes = np.diff(starts, append=len(values)).reshape(-1, *(1,) * (values.ndim - 1))
    mean = np.add.reduceat(values, starts) / sizes
    return np.stack([np.minimum.reduceat(values, starts), mean, np.maximum.reduceat(values, starts)])
