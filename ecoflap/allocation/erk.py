"""Erdos-Renyi kernel (Mocanu et al., 2018, arXiv 1707.04780; Evci et al., ICML 2020, arXiv 1911.11134): shapes alone.

A matrix is kept at a density proportional to (rows + cols) / (rows * cols), so it keeps weights in proportion to
rows + cols, and all of them where that is more than it has: wide matrices lose a larger share.
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64: what its matrices keep, then the cap."""
    layers, member = groups.flat
    room = np.array([layer.size for layer in layers], dtype=np.float64)
    sides = np.array([layer.rows + layer.cols for layer in layers], dtype=np.float64)
    shares = budget.water_fill(room, sides, float(count))
    return budget.fitted(groups, np.bincount(member, shares), count, cap)
