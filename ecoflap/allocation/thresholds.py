"""One threshold for many layers: who loses how much when the smallest values of all go, wherever they are.

A layer's values are known by their quantiles, so between two of them the share below a threshold is taken as linear.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecoflap.types import Layer

# Thresholds that are looked at; between two neighbours every layer's loss is linear.
LEVELS = 2048


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Weights that groups lose under rising thresholds.

    Attributes:
        lost: (levels, groups) float64, from nothing to everything.
    """

    lost: np.ndarray

    def kept(self, sizes: np.ndarray, count: float, cap: float) -> np.ndarray:
        """Weights that each group keeps, (groups,), where `count` stay in all.

        A group at the cap loses no more, and the threshold rises for the others.

        Args:
            sizes: weights per group, (groups,).
            count: weights to keep in all.
            cap: largest sparsity of a group.
        """
        lost = np.minimum(self.lost, cap * sizes)
        totals, gone = lost.sum(axis=1), float(sizes.sum() - count)
        high = int(np.clip(np.searchsorted(totals, gone), 1, len(totals) - 1))
        wide = totals[high] - totals[high - 1]
        step = (gone - totals[high - 1]) / wide if wide > 0 else 0.0
        return sizes - (lost[high - 1] + step * (lost[high] - lost[high - 1]))


def thresholds(layers: Sequence[Layer], member: np.ndarray, groups: int, need: str) -> Thresholds:
    """Thresholds over the values that `need` has the quantiles of.

    Args:
        layers: with stats of that name: values at evenly spaced shares from 0 to 1, never falling.
        member: index of each layer's group, (layers,).
        groups: how many there are.
        need: the stat's name.
    """
    quantiles = np.array([layer.stats[need] for layer in layers], dtype=np.float64)
    shares = np.linspace(0.0, 1.0, quantiles.shape[1])
    levels = np.unique(quantiles)
    if len(levels) > LEVELS:
        levels = levels[np.linspace(0, len(levels) - 1, LEVELS).round().astype(int)]
    lost = np.zeros((len(levels) + 1, groups))
    for layer, values, group in zip(layers, quantiles, member):
        # Values that several quantiles share go together: the last of these shares counts.
        lost[1:, group] += layer.size * np.interp(levels, *_last_of_equal(values, shares), left=0.0)
    return Thresholds(lost)


def _last_of_equal(values: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values and the largest share at each."""
    last = np.append(np.diff(values) > 0, True)
    return values[last], shares[last]
