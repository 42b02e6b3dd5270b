"""The baseline that every allocation has to beat: the same sparsity everywhere."""

import numpy as np

from ecoflap.allocation import budget


def keep(sizes: np.ndarray, scores: np.ndarray, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64: in proportion to size. Scores and cap do not matter."""
    return budget.largest_remainder(sizes * (count / sizes.sum()), count)
