"""Joint: sparsities that were found by measuring every block while the others are pruned too.

The method of scoring of the same name gives every block's sparsity at a few targets. Between two of them it is linear
in the target, from no sparsity at 0 to everything at 1, and brought to the exact budget under the cap.
"""

import numpy as np

from ecoflap.allocation import budget
from ecoflap.allocation.groups import Groups

NEED = "stats.joint"
_STAT = NEED.removeprefix("stats.")


def keep(groups: Groups, count: int, cap: float) -> np.ndarray:
    """Weights kept per group, (groups,) int64."""
    target = 1 - count / groups.total
    layers, member = groups.flat
    sparsities = np.array([_at(layer.stats[_STAT], target) for layer in layers])
    sizes = np.array([layer.size for layer in layers], dtype=np.float64)
    return budget.fitted(groups, np.bincount(member, sizes * (1 - sparsities)), count, cap)


def _at(pairs: tuple[float, ...], target: float) -> float:
    """The sparsity at a target, from `pairs` of target and sparsity in turn."""
    return float(np.interp(target, (0.0, *pairs[::2], 1.0), (0.0, *pairs[1::2], 1.0)))
