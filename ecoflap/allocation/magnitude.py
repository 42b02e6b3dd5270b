"""Global magnitude (Han et al., NeurIPS 2015, arXiv 1506.02626): one threshold on |W| over all matrices.

Who loses how many follows from every matrix's quantiles of |W|. (The public ECoFLaP code compares W without abs().)
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups

NEED = "stats.magnitudes"


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64: what is above the threshold, then the cap."""
    return budget.fitted(groups, groups.thresholds(NEED).kept(groups.sizes, count, cap), count, cap)
