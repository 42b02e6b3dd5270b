"""MULTIFLOW's layer-wise part (Farina et al., CVPR 2024, arXiv 2404.05621): a threshold on |W| for each modality.

Every modality loses the target's share of its own weights, its smallest ones, wherever in it they are: towers differ in
the scale of their weights, so one threshold for all would empty one of them.
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups
from ecoflap.allocation.magnitude import NEED


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64: what is above its modality's threshold, then the cap."""
    wanted = np.empty(len(groups.sizes))
    for part, own in groups.modalities:
        wanted[part] = own.thresholds(NEED).kept(own.sizes, own.total * count / groups.total, cap)
    return budget.fitted(groups, wanted, count, cap)
