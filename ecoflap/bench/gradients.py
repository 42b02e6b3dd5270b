"""How much memory the gradients of streamed first-order scores take, next to those of an ordinary backward pass.

Counted is, at every moment of the backward pass, the memory of weight gradients, each from its allocation until it is
freed, and of all that their reduction allocates; the figure is the largest such sum. The activations that the backward
pass needs, and the gradients of activations that it makes, are the same either way and count on neither side.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function

from ecoflap.data.registry import samples_for
from ecoflap.importance.streaming import reduced, streamed
from ecoflap.models.registry import open_model

_MARK = "weight gradient at "
Weights = Sequence[nn.Parameter]
# Around whatever is done with a gradient that is whole.
Watch = Callable[[torch.Tensor], AbstractContextManager]
# How a backward pass treats gradients.
Way = Callable[[Weights, Watch], AbstractContextManager]


def measure(quick: bool = False) -> dict[str, float]:
    """Peak memory of weight gradients on the demo, for one batch of 8 samples, or of 2.

    Returns:
        first_order_gradient_memory_ratio: streamed over ordinary.
        first_order_gradient_bytes: streamed.
        ordinary_gradient_bytes: ordinary, where every weight keeps its `grad`.
    """
    model = open_model("demo")
    batch = model.encode(samples_for("demo", None, 2 if quick else 8, 0).samples)
    weights = [linear.weight for linear in model.linears.values()]
    return compared(weights, lambda: model.loss(batch))


def compared(weights: Weights, loss: Callable[[], torch.Tensor], way: Way | None = None) -> dict[str, float]:
    """What `measure` returns, of any model; `way` instead of streaming is for seeing what a worse one gives."""
    peaks = by_allocator if weights[0].is_cuda else by_events
    mine, usual = peaks(weights, loss, way or streaming)
    return {
        "first_order_gradient_memory_ratio": mine / usual,
        "first_order_gradient_bytes": mine,
        "ordinary_gradient_bytes": usual,
    }


def streaming(weights: Weights, watch: Watch) -> AbstractContextManager:
    """As first-order scores do it."""

    def reduce(weight: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        with watch(gradient):
            return reduced(weight, gradient)

    return streamed(weights, reduce)


@contextmanager
def ordinary(weights: Weights, watch: Watch) -> Iterator[None]:
    """Gradients stay in the weights' `grad` until the end of the context."""

    def look(weight: torch.Tensor) -> None:
        with watch(weight.grad):
            pass

    hooks = []
    try:
        for weight in weights:
            hooks.append(weight.requires_grad_(True).register_post_accumulate_grad_hook(look))
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for weight in weights:
            weight.grad = None
            weight.requires_grad_(False)


def by_events(weights: Weights, loss: Callable[[], torch.Tensor], way: Way) -> tuple[int, int]:
    """(peak of `way`, peak of the ordinary one) in bytes, from every allocation that the profiler saw."""
    return _peak(_events(weights, loss, way)), _peak(_events(weights, loss, ordinary))


def _events(weights: Weights, loss: Callable[[], torch.Tensor], way: Way) -> list[dict[str, Any]]:
    """The profiler's events of one backward pass in order of time."""

    def watch(gradient: torch.Tensor) -> AbstractContextManager:
        return record_function(f"{_MARK}{gradient.untyped_storage().data_ptr()}")

    with way(weights, watch), tempfile.TemporaryDirectory() as folder:
        value, file = loss(), Path(folder) / "trace.json"
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as trace:
            torch.autograd.backward(value, inputs=list(weights))
        trace.export_chrome_trace(str(file))
        return sorted(json.loads(file.read_text())["traceEvents"], key=lambda event: event.get("ts", 0))


def _peak(events: Sequence[dict[str, Any]]) -> int:
    """Largest sum of the live allocations that are gradients or were made while one was reduced."""
    marks = [event for event in events if event["name"].startswith(_MARK) and event["ph"] == "X"]
    owners = [(int(mark["name"].removeprefix(_MARK)), mark["ts"], mark["ts"] + mark["dur"]) for mark in marks]
    changes = []
    for address, size, begin, end in _allocations(events):
        if any((address == own and begin <= first <= end) or first <= begin <= last for own, first, last in owners):
            changes += [(begin, size), (end, -size)]
    live = peak = 0
    for _, change in sorted(changes):
        live += change
        peak = max(peak, live)
    return peak


def _allocations(events: Sequence[dict[str, Any]]) -> Iterator[tuple[int, int, float, float]]:
    """(address, bytes, begin, end) of every allocation; what is never freed ends at infinity."""
    begun: dict[int, tuple[int, float]] = {}
    for event in events:
        if event["name"] != "[memory]":
            continue
        address, size = event["args"]["Addr"], event["args"]["Bytes"]
        if size > 0:
            begun[address] = (size, event["ts"])
        elif address in begun:
            yield address, *begun.pop(address), event["ts"]
    for address, (size, begin) in begun.items():
        yield address, size, begin, float("inf")


def by_allocator(weights: Weights, loss: Callable[[], torch.Tensor], way: Way) -> tuple[int, int]:
    """(peak of `way`, peak of the ordinary one) in bytes on a GPU, by torch.cuda.max_memory_allocated.

    Both make the same gradients in the same order. What an ordinary pass has allocated when a gradient is whole, less
    all gradients so far, is not for gradients; the most that the other pass has allocated then, less that, is.
    """
    _allocated(weights, loss, ordinary)  # what libraries allocate once
    usual, other = _allocated(weights, loss, ordinary), _allocated(weights, loss, way)
    totals = list(accumulate(size for size, _, _ in usual))
    mine = [most - (begin - total) for (_, _, most), (_, begin, _), total in zip(other, usual, totals)]
    return max(mine), totals[-1]


def _allocated(weights: Weights, loss: Callable[[], torch.Tensor], way: Way) -> list[tuple[int, int, int]]:
    """Of every gradient: (its bytes, allocated when it is whole, most allocated while it is reduced)."""
    found = []

    @contextmanager
    def watch(gradient: torch.Tensor) -> Iterator[None]:
        torch.cuda.reset_peak_memory_stats()
        begin = torch.cuda.memory_allocated()
        yield
        found.append((gradient.untyped_storage().nbytes(), begin, torch.cuda.max_memory_allocated()))

    with way(weights, watch):
        torch.autograd.backward(loss(), inputs=list(weights))
    return found
