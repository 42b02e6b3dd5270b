"""LAMP (Lee et al., ICLR 2021, arXiv 2010.07611): one threshold on a score that forbids to empty a matrix.

A weight's score is its square over the sum of all squares in its matrix that are not smaller, so the largest weight of
every matrix has 1. Who loses how many follows from every matrix's quantiles of that score.
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups

NEED = "stats.lamp"


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64: what is above the threshold, then the cap."""
    return budget.fitted(groups, groups.thresholds(NEED).kept(groups.sizes, count, cap), count, cap)
