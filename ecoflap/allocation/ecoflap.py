"""ECoFLaP's coarse step (Sung, Yoon, Bansal, ICLR 2024, arXiv 2310.02998): importance scores to sparsities.

While no group is full: s_g = cap - (cap - target) * (S_g / sum S) * (N / N_g). With the cap tied to the target by a
margin the bracket is constant, so the whole curve shifts rigidly with the target until a group reaches zero sparsity.
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64: a floor under the cap, the rest in proportion to the scores."""
    return budget.proportional(groups, count, cap)
