"""AlphaPruning (Lu et al., NeurIPS 2024, arXiv 2410.10912): heavy-tailed spectra are well trained and lose less.

a is Hill's estimate of the tail's exponent of a matrix's spectrum, 1 + n / sum ln(l_i / l_min) over the n upper half of
the eigenvalues l of W'W; a group has the mean of its matrices'. With q = 1 - e + 2 e minmax(a), e = 0.3, sparsities are
p * q * sum N / sum (N q).
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups
from ecoflap.allocation.spread import minmax

NEED = "stats.alpha"
# e of the paper.
REACH = 0.3


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64."""
    factor = 1 - REACH + 2 * REACH * minmax(groups.mean(NEED, weighted=False))
    sparsity = (1 - count / groups.total) * factor * groups.total / (groups.sizes @ factor)
    return budget.fitted(groups, groups.sizes * (1 - sparsity), count, cap)
