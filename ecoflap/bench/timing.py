"""One way to take time, for every measurement."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

import torch


def seconds(work: Callable[[], Any]) -> float:
    """Seconds that one call of `work` takes."""
    begin = perf_counter()
    work()
    return perf_counter() - begin


def over(these: Sequence[float], those: Sequence[float]) -> float:
    """Median of the quotients of times that were taken side by side: what slows both for a while does not count."""
    return median(this / that for this, that in zip(these, those))


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes on this thread alone inside the context."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
