"""DLP (Chen et al., ICML 2025, arXiv 2505.23807): a block whose typical weight counts for less is the more important.

With I the median of |W| * ||x|| over a block, its importance is 1 - I / sum I, and densities lie around the mean as
OWL's do, at most 0.15 away from the middle. (The paper takes the median; its public code the mean.)
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups
from ecoflap.allocation.spread import around

NEED = "stats.median"
# alpha of the paper: half the distance between the least and the most sparse block.
REACH = 0.15


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64."""
    # 1 - I / sum I, without what all groups share: only the order and the distances count.
    sparsity = around(1 - count / groups.total, -groups.mean(NEED), REACH, groups.sizes)
    return budget.fitted(groups, groups.sizes * (1 - sparsity), count, cap)
