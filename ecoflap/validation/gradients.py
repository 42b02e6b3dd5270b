"""Zeroth-order scores against what they estimate: the Frobenius norm of each batch's gradient."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ecoflap.data.registry import samples_for
from ecoflap.importance import zeroth_order
from ecoflap.importance.run import Step
from ecoflap.importance.run import measure as measure_units
from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Task, key
from ecoflap.models.base import Batch, VisionLanguageModel
from ecoflap.models.registry import open_model
from ecoflap.types import Loading
from ecoflap.validation import exact, plateau
from ecoflap.validation.agreement import interval, spread
from ecoflap.validation.plateau import Progress

# Mean and standard deviation of |x|, x ~ N(0, 1).
EXPECTED = math.sqrt(2 / math.pi)
_DEVIATION = math.sqrt(1 - 2 / math.pi)
STEPS = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
# Draws of a task: key of a unit -> its values.
Drawn = Mapping[str, Sequence[float]]


def measure(
    progress: Progress,
    batches: int = 2,
    size: int = 8,
    seeds: int = 5,
    counts: Sequence[int] = (1, 4, 16),
    steps: Sequence[float] = STEPS,
    plateau_draws: int = 3,
) -> dict[str, Any]:
    """The section's result, on the demo.

    Args:
        progress: told of every layer.
        batches: calibration batches.
        size: samples in each.
        seeds: how many seeds of directions, 2 to 10.
        counts: numbers of draws per batch.
        steps: step lengths of the plateau, which is measured on the first batch.
        plateau_draws: directions per layer of the plateau.
    """
    model = open_model("demo", Loading("cpu"))
    samples = samples_for("demo", None, batches * size, 0).samples
    parts = [samples[i : i + size] for i in range(0, len(samples), size)]
    encoded = [model.encode(part) for part in parts]
    tasks = [_task(model, encoded, seed=seed, draws=max(counts)) for seed in range(seeds)]
    found = by_draws(tasks, counts, progress)
    curves = {"float32": plateau.measure(_task(model, encoded[:1], draws=plateau_draws), steps, progress)}
    model.module.double()
    with exact.InFloat64():
        wide = _task(model, [model.encode(parts[0])], draws=plateau_draws)
        curves["float64"] = plateau.measure(wide, steps, progress)
    return {
        "batches": batches,
        "batch_size": size,
        "seeds": seeds,
        "eps": tasks[0].settings.eps,
        "layers": len(model.layers),
        "blocks": len(model.blocks),
        "expected": EXPECTED,
        **found,
        "plateau_draws": plateau_draws,
        "plateau": curves,
    }


def _task(model: VisionLanguageModel, batches: Sequence[Batch], **settings: Any) -> Task:
    """The task of scoring `model` on `batches`."""
    return Task(model.layers, model.linears, model.blocks, model.loss, batches, Settings(**settings))


def by_draws(tasks: Sequence[Task], counts: Sequence[int], progress: Progress) -> dict[str, Any]:
    """Ratio and rank correlation at several numbers of draws per batch.

    Args:
        tasks: the same but for the seed of their directions, at least two; each takes max(counts) draws per batch.
        counts: numbers of draws; fewer ones are the first of the most.
        progress: told after every unit.
    """
    drawn: list[dict[str, list[float]]] = []
    for number, task in enumerate(tasks, 1):
        drawn.append({})
        told = partial(_told, progress, f"seed {number}/{len(tasks)}")
        measure_units(zeroth_order.METHOD, task, drawn[-1], progress=told)
    norms = exact.norms_of(tasks[0])
    rows = [_row(tasks[0], norms, drawn, count) for count in counts]
    return {"rows": rows, "pooled": _pooled(tasks[0], norms, drawn, max(counts))}


def _told(progress: Progress, what: str, step: Step) -> None:
    progress(what, step.done, step.total)


def _scores(task: Task, drawn: Drawn, count: int) -> dict[str, float]:
    """Scores from the first `count` draws of every batch, by layer name."""
    numbers = range(len(task.batches))
    return {
        layer.name: zeroth_order.summary([drawn[key(number, layer.name)][:count] for number in numbers])[0]
        for layer in task.layers
    }


def _row(task: Task, norms: exact.Norms, drawn: Sequence[Drawn], count: int) -> dict[str, Any]:
    """Ratio over layers and seeds, and correlation with its interval over seeds, at `count` draws per batch."""
    scored = [_scores(task, one, count) for one in drawn]
    row: dict[str, Any] = {"draws": count}
    row["ratio"] = spread(ratio for scores in scored for ratio in exact.ratios(scores, norms))
    found = [exact.correlations(task.layers, scores, norms) for scores in scored]
    for unit in ("layers", "blocks"):
        values = [one[unit] for one in found]
        row[unit] = {"mean": sum(values) / len(values), "interval": list(interval(values)), "values": values}
    return row


def _pooled(task: Task, norms: exact.Norms, drawn: Sequence[Drawn], count: int) -> dict[str, Any]:
    """All seeds' draws together, and the share of layers within two standard errors of sqrt(2 / pi).

    The standard error is what theory says of that many draws; nothing in it is fitted.
    """
    scored = [exact.ratios(_scores(task, one, count), norms) for one in drawn]
    pooled = [sum(each) / len(each) for each in zip(*scored)]
    draws = len(drawn) * count
    errors = [_DEVIATION * math.hypot(*each) / sum(each) / math.sqrt(draws) for each in norms.values()]
    inside = [abs(ratio - EXPECTED) <= 2 * error for ratio, error in zip(pooled, errors)]
    return {"draws": draws, "ratio": spread(pooled), "within_two_errors": sum(inside) / len(inside)}
