"""Response: spend the budget along measured curves, every group at the same marginal loss per weight.

Where `ecoflap` turns an infinitesimal step's score into a sparsity by one fixed formula, here the loss increase of
really pruning a block is known at several sparsities. The summed increase is least where the next weight costs the same
in every group, but for groups at the cap or at no sparsity (Lagrange; the water-filling of rate allocation).
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.curves import Marginals
from ecoflap.allocation.groups import Groups


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64: what the common marginal loss leaves, exact to the weight."""
    wanted = groups.sizes * (1 - common_price(groups.marginals, groups.sizes, groups.total - count, cap))
    return budget.fitted(groups, wanted, count, cap)


def common_price(marginals: Marginals, sizes: np.ndarray, removed: int, cap: float) -> np.ndarray:
    """Sparsities at one marginal loss per weight, none above `cap`, that remove `removed` weights: (groups,)."""
    prices, sparsities = marginals.levels

    def gone(chosen: np.ndarray) -> float:
        return float(sizes @ np.minimum(chosen, cap))

    low, high = 0, len(prices) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if gone(sparsities[middle]) <= removed else (low, middle)
    start, rate = sparsities[low], sparsities[high] - sparsities[low]
    # What is removed rises with the step, ever slower as groups reach the cap: tangents never go too far, and each one
    # but the last passes a group that reaches it.
    step = 0.0
    for _ in range(len(sizes) + 1):
        chosen = start + step * rate
        pace = float((sizes * rate)[chosen < cap].sum())
        missing = removed - gone(chosen)
        if missing <= 0.5 or pace <= 0:
            break
        step = min(1.0, step + missing / pace)
    return np.minimum(start + step * rate, cap)
