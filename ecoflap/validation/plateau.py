"""Step lengths of zeroth-order scores: rounding at the short end, curvature at the long one, a plateau between."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from ecoflap.importance.task import Task, seed_of
from ecoflap.validation import exact
from ecoflap.validation.agreement import spread

# Told what is measured, how many of its units are done, and of how many.
Progress = Callable[[str, int, int], None]
Scores = Mapping[str, float]


def measure(task: Task, steps: Sequence[float], progress: Progress) -> list[dict[str, Any]]:
    """Scores on the task's first batch at every step length, along the same directions at each.

    Written out plainly and in the model's own type, so that it is also another way to the numbers of
    `zeroth_order.draws`.

    Returns:
        One entry per step: eps, `ratio` to the exact norm (spread over layers), `error` (the same of the relative
        difference to the exact derivative along the same directions), Spearman over `layers` and `blocks`.
    """
    scores: list[dict[str, float]] = [{} for _ in steps]
    limit: dict[str, float] = {}
    slopes, replay = exact.gradients(task, 0), task.replay(0)
    what = str(next(iter(slopes.values())).dtype).removeprefix("torch.")
    for number, layer in enumerate(task.layers, 1):
        weight, run = task.linears[layer.name].weight.data, partial(replay.start, layer.block)
        generator = torch.Generator().manual_seed(seed_of(task.settings.seed, layer.name, 0))
        directions = [torch.randn(weight.shape, generator=generator) for _ in range(task.settings.draws)]
        slope = slopes[layer.name].double()
        limit[layer.name] = sum(abs(float((slope * z).sum())) for z in directions) / len(directions)
        for eps, found in zip(steps, scores):
            found[layer.name] = central(weight, directions, eps, run)
        progress(what, number, len(task.layers))
    task.close()
    norms = {name: [float(slope.double().norm())] for name, slope in slopes.items()}
    return [{"eps": eps, **_entry(task, found, limit, norms)} for eps, found in zip(steps, scores)]


def _entry(task: Task, scores: Scores, limit: Scores, norms: exact.Norms) -> dict[str, Any]:
    """How the scores of one step length compare with the exact norms and derivatives."""
    errors = [abs(scores[name] - value) / value for name, value in limit.items()]
    compared = exact.correlations(task.layers, scores, norms)
    return {"ratio": spread(exact.ratios(scores, norms)), "error": spread(errors), **compared}


@torch.no_grad()
def central(
    weight: torch.Tensor, directions: Sequence[torch.Tensor], eps: float, run: Callable[[], torch.Tensor]
) -> float:
    """Mean over directions of |L(W + eps z) - L(W - eps z)| / (2 eps); the weight is put back."""
    dense, total = weight.clone(), 0.0
    try:
        for z in directions:
            ends = []
            for step in (eps, -eps):
                weight.copy_(dense + step * z.to(weight))
                ends.append(float(run()))
            total += abs(ends[0] - ends[1]) / (2 * eps)
    finally:
        weight.copy_(dense)
    return total / len(directions)
