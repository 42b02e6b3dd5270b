"""A sweep as JSON for the browser: a line of points for every method, what it comes to, and its file."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ecoflap.comparing import Measured, difference
from ecoflap.sweep import DENSE, SweepPoint, SweepStep
from ecoflap.sweep_file import text_of
from ecoflap.types.marks import from_text

# Losses of accuracy that are looked for, in points of a hundred.
FALLS = (5, 10, 50)
# What the other methods are compared with, where it is measured.
REFERENCE = "uniform"
Value = dict[str, Any]


def lines_value(points: Sequence[SweepPoint]) -> Value:
    """The dense model's point, and a line for every pruner and allocator with its points by rising target.

    Also whether answers are marked, and the seconds that a question took in the mean.
    """
    places: dict[tuple[str, str], dict[float, list[SweepPoint]]] = defaultdict(lambda: defaultdict(list))
    dense = None
    for point in points:
        if point.allocator == DENSE:
            dense = _point_value([point])
        else:
            places[point.pruner, point.allocator][point.target].append(point)
    lines = [
        {"pruner": pruner, "allocator": name, "points": [_point_value(found[target]) for target in sorted(found)]}
        for (pruner, name), found in places.items()
    ]
    pace = [point.seconds / point.questions for point in points if point.allocator != DENSE]
    marked = dense is not None and dense["accuracy"] is not None
    return {"dense": dense, "lines": lines, "marked": marked, "seconds_a_question": _mean(pace) if pace else None}


def _point_value(points: Sequence[SweepPoint]) -> Value:
    """One place of the chart, the mean over its calibration seeds."""
    first = points[0]
    marked = first.accuracy is not None
    low, high = _interval(tuple(point.marks for point in points)) if len(points) > 1 else (first.low, first.high)
    kinds = [json.loads(point.by_type) for point in points]
    return {
        "percent": round(100 * first.target),
        "achieved": first.achieved,
        "seeds": len(points),
        "questions": first.questions,
        "accuracy": _mean([point.accuracy for point in points]) if marked else None,
        "low": low,
        "high": high,
        "loss": _mean([point.loss for point in points]),
        "agreement": _mean([point.agreement for point in points]) if marked else None,
        "kinds": {kind: _mean([found[kind] for found in kinds]) for kind in kinds[0]},
    }


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


@lru_cache(maxsize=1024)
def _interval(marks: tuple[str, ...]) -> tuple[float | None, float | None]:
    """Of the mean over several seeds: their bootstrap, seeds and questions crossed."""
    if not marks[0]:
        return None, None
    ours = np.stack([from_text(text) for text in marks])
    found = difference(ours, np.zeros_like(ours))
    return found.low, found.high


def progress_value(step: SweepStep) -> Value:
    """How far it is: points, questions of the present one, seconds to the end as far as they can be told."""
    left = None if math.isnan(step.left) else round(step.left)
    return {"done": step.done, "total": step.total, "asked": step.asked, "of_questions": step.questions, "left": left}


def result_value(points: Sequence[SweepPoint]) -> Value:
    """What it comes to, method by method, and the file that the command line would have written."""
    measured = Measured(points)
    marked = measured.dense is not None and measured.dense.accuracy is not None
    summary = [_summary(measured, method) for method in measured.methods()] if marked else []
    return {"summary": summary, "csv": text_of(points) if len(points) > 1 else ""}


def _summary(measured: Measured, method: tuple[str, str]) -> Mapping[str, Any]:
    """Mean accuracy, the difference from the reference of the same pruner, and where accuracy falls."""
    pruner, name = method
    other, targets = (pruner, REFERENCE), measured.targets(method)
    less = None
    if name != REFERENCE and other in measured.methods():
        found = measured.against(method, other, measured.targets(method, other))
        less = found and {"mean": found.mean, "low": found.low, "high": found.high, "sure": found.sure}
    return {
        "pruner": pruner,
        "allocator": name,
        "mean": _mean([measured.accuracy(method, target) for target in targets]),
        "less": less,
        "falls": [measured.falls(method, points / 100) for points in FALLS],
    }
