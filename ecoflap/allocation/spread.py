"""Sparsities around the target, by a measure of every group: what OWL, DLP and AlphaPruning have in common.

Their public code averages over blocks, which misses the budget where blocks differ in size. Here means are weighted by
parameters, so that the budget is met before anything is rounded or capped.
"""

import numpy as np


def minmax(values: np.ndarray) -> np.ndarray:
    """`values` (groups,) from 0 for the least to 1 for the largest; 0 everywhere where all are the same."""
    wide = values.max() - values.min()
    return (values - values.min()) / wide if wide > 0 else np.zeros(len(values))


def around(target: float, values: np.ndarray, reach: float, sizes: np.ndarray) -> np.ndarray:
    """Sparsities (groups,) of mean `target` over the weights: the larger the value, the lower the sparsity.

    Args:
        target: sparsity over all groups.
        values: what is measured of every group, in any unit.
        reach: half the distance between the most and the least sparse group.
        sizes: weights per group.
    """
    less = 2 * reach * minmax(values)
    return target - less + np.average(less, weights=sizes)
