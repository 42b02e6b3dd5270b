"""The baseline that every allocation has to beat: the same sparsity everywhere."""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64: in proportion to size. Scores and cap do not matter."""
    return budget.largest_remainder(groups.sizes * (count / groups.total), count)
