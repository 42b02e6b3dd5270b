"""OWL (Yin et al., ICML 2024, arXiv 2310.05175): a block with more outliers loses fewer weights.

An outlier is a weight whose |W| * ||x|| is above M = 5 times its mean over the block. With D the share of outliers,
density = (1 - p) + 2 L minmax(D) - mean(2 L minmax(D)), L = 0.08.
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups
from ecoflap.allocation.spread import around

NEED = "stats.outliers"
# L of the paper: half the distance between the least and the most sparse block.
REACH = 0.08


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64."""
    sparsity = around(1 - count / groups.total, groups.mean(NEED), REACH, groups.sizes)
    return budget.fitted(groups, groups.sizes * (1 - sparsity), count, cap)
