"""From measured response curves to marginal losses: what one more weight of a group costs at every sparsity.

A measured point is an increase with a standard error. Three steps make curves of them that a budget can be spent along:
what is not significant gives way to what groups have in common (shrinkage), an increase never falls (monotone), and
neither does the price of a weight (convex), because a budget that may be split takes the cheaper part first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ecoflap.types import Layer

# A measured value of a bundle that tells groups apart where their curves do not: the prior of the shrinkage.
PRIOR = "first_order.GradMagAbs"
# Share of the largest marginal by which every marginal rises from sparsity 0 to 1: equal prices then mean equal
# sparsities, and each price belongs to one sparsity.
RISE = 1e-6
# An error of this many times the largest increase says that nothing is known.
VAGUE = 1e9


@dataclass(frozen=True, eq=False)
class Marginals:
    """Marginal loss per weight of every group, rising and piecewise linear in sparsity.

    Attributes:
        sparsities: the knots, (knots,), from 0 to 1.
        prices: marginal loss per weight at the knots, (groups, knots), strictly rising along knots.
    """

    sparsities: np.ndarray
    prices: np.ndarray

    def at(self, price: float) -> np.ndarray:
        """Sparsity of every group whose next weight costs `price`, (groups,), from 0 to 1."""
        right = np.clip((self.prices < price).sum(axis=1), 1, len(self.sparsities) - 1)
        rows = np.arange(len(self.prices))
        low, high = self.prices[rows, right - 1], self.prices[rows, right]
        start, end = self.sparsities[right - 1], self.sparsities[right]
        return start + (end - start) * np.clip((price - low) / (high - low), 0.0, 1.0)

    @cached_property
    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """All prices at which some group turns, (levels,) rising, and the sparsities there, (levels, groups).

        Between two levels every group's sparsity is linear in the price.
        """
        prices = np.unique(self.prices)
        return prices, np.array([np.interp(prices, turns, self.sparsities) for turns in self.prices]).T.copy()


def increases(groups: Sequence[Sequence[Layer]]) -> tuple[np.ndarray, np.ndarray]:
    """The curves of groups of layers as they were measured, which add up within a group.

    Returns:
        the grid of sparsities, (points,), from 0 to 1, and the increases on it, (groups, points), in a common unit.
    """
    grid, points = _on_common_grid(groups)
    values = np.array([increase for increase, _ in points])
    return np.concatenate(([0.0], grid)), np.pad(values, ((0, 0), (1, 0)))


def _on_common_grid(groups: Sequence[Sequence[Layer]]) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """A grid above 0, and (increase, standard error) of every group on it, in multiples of the largest increase."""
    grid = np.array(sorted({point[0] for group in groups for layer in group for point in layer.curve} | {1.0}))
    unit = max((abs(point[1]) for group in groups for layer in group for point in layer.curve), default=0.0) or 1.0
    return grid, [_group_curve(group, grid, unit) for group in groups]


def marginals(groups: Sequence[Sequence[Layer]]) -> Marginals:
    """Marginal losses of groups of layers from their curves, which add up within a group."""
    sizes = np.array([sum(layer.size for layer in group) for group in groups], dtype=np.float64)
    grid, points = _on_common_grid(groups)
    values, errors = (np.array(part) for part in zip(*points))
    per_weight = shrunk(values, errors, sizes, _prior(groups, sizes))
    return _rising(grid, np.array([convex_slopes(grid, curve) for curve in per_weight]))


def _group_curve(group: Sequence[Layer], grid: np.ndarray, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """(increase, standard error) of a group on `grid` in multiples of `unit`, each (points,).

    Errors of a block's layers are shares of one error and add up; those of different blocks are taken as independent,
    though the samples are the same.
    """
    increase = np.zeros(len(grid))
    errors: dict[str, np.ndarray] = {}
    for layer in group:
        values, sigmas = _on_grid(layer.curve, grid, unit)
        increase += values
        errors[layer.block] = errors.get(layer.block, 0.0) + sigmas
    return increase, np.sqrt(sum(error**2 for error in errors.values()))


def _on_grid(
    curve: Sequence[tuple[float, float, float]], grid: np.ndarray, unit: float
) -> tuple[np.ndarray, np.ndarray]:
    """A layer's increases and errors on `grid`: linear between points, beyond the last one on as before."""
    # Shares are relative: in multiples of the largest increase no sum or square overflows.
    known = np.array(
        [(0.0, 0.0, 0.0), *((s, value / unit, min(error / unit, VAGUE)) for s, value, error in sorted(curve))]
    )
    sparsity, increase, error = known.T
    values = np.interp(grid, sparsity, increase)
    beyond = grid > sparsity[-1]
    slope = (increase[-1] - increase[-2]) / (sparsity[-1] - sparsity[-2])
    values[beyond] = increase[-1] + slope * (grid[beyond] - sparsity[-1])
    return values, np.interp(grid, sparsity, error)


def loss_increase(layers: Sequence[Layer], sparsities: Sequence[float]) -> float:
    """What the measured curves of `layers` add up to at `sparsities`, one of each layer, as they were measured."""
    pairs = zip(layers, sparsities)
    return float(sum(_on_grid(layer.curve, np.array([sparsity]), 1.0)[0][0] for layer, sparsity in pairs))


def _prior(groups: Sequence[Sequence[Layer]], sizes: np.ndarray) -> np.ndarray:
    """What is expected of a weight of each group next to others, (groups,): by PRIOR where known, else all alike."""
    if not all(PRIOR in layer.stats for group in groups for layer in group):
        return np.ones(len(groups))
    most = max(layer.stats[PRIOR] for group in groups for layer in group)
    if most <= 0:
        return np.ones(len(groups))
    return np.array([sum(max(layer.stats[PRIOR], 0.0) / most for layer in group) for group in groups]) / sizes


def shrunk(increases: np.ndarray, errors: np.ndarray, sizes: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Increases per weight, (groups, points), each moved toward its expectation by as much as it is noise.

    Empirical Bayes with normal errors (Efron and Morris, 1975), point by point of the grid: what is expected of a group
    is the prior times a factor that all groups share, and groups scatter around it by more than their noise. Where they
    do not, all that is left is the prior.

    Args:
        increases: measured, (groups, points).
        errors: their standard errors, (groups, points).
        sizes: weights per group, (groups,).
        prior: expectation per weight up to a factor, (groups,).
    """
    found, noise = increases / sizes[:, None], (errors / sizes[:, None]) ** 2
    result = np.empty_like(found)
    for point in range(found.shape[1]):
        factor, between = _scatter(found[:, point], noise[:, point], prior)
        spread = between + noise[:, point]
        trust = np.divide(between, spread, out=np.ones_like(spread), where=spread > 0)
        result[:, point] = trust * found[:, point] + (1 - trust) * factor * prior
    return result


def _scatter(found: np.ndarray, noise: np.ndarray, prior: np.ndarray) -> tuple[float, float]:
    """(factor of the prior, variance between groups beyond `noise`), so that a noisy group says little about others.

    Paule and Mandel (1982): the variance for which the weighted squares around the weighted fit are what chance gives.
    """

    def fit(between: float) -> tuple[float, float]:
        weights = 1 / np.maximum(noise + between, np.finfo(float).tiny)
        weights /= weights.max()
        factor = float((weights * prior * found).sum() / (weights * prior**2).sum())
        squares = (found - factor * prior) ** 2
        spread = noise + between
        return factor, float(np.divide(squares, spread, out=np.zeros_like(squares), where=spread > 0).sum())

    # Squares around the fit are at most those around zero, so no larger variance is needed.
    low, high = 0.0, float((found**2).sum())
    if fit(0.0)[1] <= len(found) - 1 and noise.any():
        return fit(0.0)[0], 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if fit(middle)[1] > len(found) - 1 else (low, middle)
    return fit(high)[0], high


def convex_slopes(grid: np.ndarray, increases: np.ndarray) -> np.ndarray:
    """Slopes of the largest convex curve from (0, 0) that lies under the points, none below 0: (points,), one per step.

    Pool adjacent violators: neighbouring slopes that fall take their common mean, weighted by the width of the steps.
    These are also the rising slopes nearest to the measured ones.
    """
    widths = np.diff(grid, prepend=0.0)
    slopes = np.diff(increases, prepend=0.0) / widths
    pools: list[tuple[float, float, int]] = []
    for slope, width in zip(slopes, widths):
        pool = (float(slope), float(width), 1)
        while pools and pools[-1][0] >= pool[0]:
            value, wide, count = pools.pop()
            total = wide + pool[1]
            pool = ((value * wide + pool[0] * pool[1]) / total, total, count + pool[2])
        pools.append(pool)
    return np.maximum(np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools]), 0.0)


def _rising(grid: np.ndarray, slopes: np.ndarray) -> Marginals:
    """Marginals with the slopes in the middle of the grid's steps, linear between them and on to 0 and 1."""
    middles = (grid + np.concatenate(([0.0], grid[:-1]))) / 2
    if len(middles) > 1:
        first = slopes[:, 0] - (slopes[:, 1] - slopes[:, 0]) / (middles[1] - middles[0]) * middles[0]
        last = slopes[:, -1] + (slopes[:, -1] - slopes[:, -2]) / (middles[-1] - middles[-2]) * (1 - middles[-1])
    else:
        first = last = slopes[:, 0]
    knots = np.concatenate(([0.0], middles, [1.0]))
    prices = np.column_stack([np.maximum(first, 0.0), slopes, last])
    # Rounded, so that groups with the same curve per weight turn at the same price.
    unit = prices.max() or 1.0
    return Marginals(knots, np.round(prices / unit, 12) + RISE * knots)
