"""One way to take time, for every measurement."""

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any


def seconds(work: Callable[[], Any]) -> float:
    """Seconds that one call of `work` takes."""
    begin = perf_counter()
    work()
    return perf_counter() - begin


def over(these: Sequence[float], those: Sequence[float]) -> float:
    """Median of the quotients of times that were taken side by side: what slows both for a while does not count."""
    return median(this / that for this, that in zip(these, those))
