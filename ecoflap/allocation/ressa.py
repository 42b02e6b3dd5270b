"""The same sparsity in every modality, ECoFLaP's allocation inside each (RESSA; He et al., 2024, arXiv 2404.02424).

Scores of different towers are measured on the same loss and still differ in scale: here no tower pays for another.
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64; modalities keep weights in proportion to their sizes."""
    kept = np.empty(len(groups.sizes), dtype=np.int64)
    sizes = np.array([own.total for _, own in groups.modalities], dtype=np.float64)
    shares = budget.largest_remainder(sizes * (count / groups.total), count)
    for (part, own), share in zip(groups.modalities, shares):
        kept[part] = budget.proportional(own, int(share), cap)
    return kept
