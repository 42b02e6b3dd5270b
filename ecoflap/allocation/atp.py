"""ATP (Huang et al., ICML 2025, arXiv 2502.14770): sparsities that rise evenly with depth, because errors accumulate.

In every modality, sparsity p + b (i - mean i) for the i-th group, the mean weighted by parameters, with one step b for
all. The paper searches b by evaluating pruned models; here the one of STEPS values is taken whose measured curves sum
to the least loss, so nothing is measured again.
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups

# Values of b that are compared, from none to the largest that keeps every sparsity between 0 and the cap.
STEPS = 21


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64."""
    target = 1 - count / groups.total
    places = np.empty(len(groups.sizes))
    for part, _ in groups.modalities:
        order = np.arange(len(part), dtype=np.float64)
        places[part] = order - np.average(order, weights=groups.sizes[part])
    below, above = -places.min(), places.max()
    most = min(target / below if below else 0.0, (max(cap, target) - target) / above if above else 0.0)
    tried = [target + step * places for step in np.linspace(0.0, most, STEPS)]
    best = min(tried, key=lambda sparsities: groups.increase(sparsities))
    return budget.fitted(groups, groups.sizes * (1 - best), count, cap)
