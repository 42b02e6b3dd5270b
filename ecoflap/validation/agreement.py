"""How far two sets of scores agree: rank correlations, their intervals, sums over blocks."""

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from ecoflap.types import Layer

# Two-sided 95% quantiles of Student's t by degrees of freedom.
_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's rank correlation of two sequences of equal length, ties at their mean rank."""
    return float(pd.Series(list(one)).rank().corr(pd.Series(list(other)).rank()))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95% t-interval of the mean of 2 to 10 values."""
    count = len(values)
    mean = sum(values) / count
    half = _T[count - 1] * math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count)
    return mean - half, mean + half


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median, 5% and 95% quantile."""
    low, median, high = pd.Series(list(values)).quantile([0.05, 0.5, 0.95])
    return {"median": float(median), "low": float(low), "high": float(high)}


def block_sums(layers: Iterable[Layer], values: Mapping[str, float]) -> dict[str, float]:
    """Sums over the layers of each block, as the allocation takes them: block -> sum of `values` by layer name."""
    sums: dict[str, float] = {}
    for layer in layers:
        sums[layer.block] = sums.get(layer.block, 0.0) + values[layer.name]
    return sums
