"""Sequential calibration, the paper's, against the instant one: the masks, the answers and the time, on the demo."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from ecoflap import store
from ecoflap.accuracy import Z
from ecoflap.allocation import allocate
from ecoflap.data.registry import samples_for
from ecoflap.engine import CALIBRATION_SAMPLES, Engine
from ecoflap.evaluation import Point, Questions, evaluate
from ecoflap.masking import Ranked, keep_mask
from ecoflap.models.registry import DEMO_SCORES, open_model
from ecoflap.types import Allocation, Loading, Recipe, ScoreBundle
from ecoflap.validation.plateau import Progress

MODES = ("dense", "sequential")
SEED = 977
Masks = Mapping[str, torch.Tensor]


def measure(
    progress: Progress | None = None,
    questions: int = 1000,
    targets: Sequence[float] = (0.5, 0.6, 0.7),
    quick: bool = False,
) -> dict[str, Any]:
    """The section's result: one row per target, and once the seconds for the instant calibration's ranks.

    Args:
        progress: told of every pass and question.
        questions: the same ones for every state of the model.
        targets: sparsities.
        quick: 64 questions at one target, to see that it works.
    """
    if quick:
        questions, targets = 64, targets[:1]
    told = progress or (lambda what, done, total: None)
    bundle = ScoreBundle.read(DEMO_SCORES)
    found = Questions(samples_for("demo", None, questions, SEED, "evaluation").samples)
    with store.apart():
        engine = Engine(open_model("demo", Loading("cpu")))
        engine.answer(found.samples[:1], None, None)  # what happens once belongs to no measured time
        began = time.perf_counter()
        engine.ranked(Recipe())
        seconds = time.perf_counter() - began
        rows = [row(engine, allocate(bundle, recipe), recipe, found, told) for recipe in map(Recipe, targets)]
    facts = {"questions": questions, "seed": SEED, "samples": CALIBRATION_SAMPLES, "blocks": len(engine.model.blocks)}
    return facts | {"ranks_seconds": seconds, "rows": rows}


def row(
    engine: Engine, allocation: Allocation, recipe: Recipe, questions: Questions, progress: Progress
) -> dict[str, Any]:
    """Both calibrations at one allocation.

    Seconds are from asking for the state to having it. The instant calibration has its ranks already; the sequential
    one is solved.
    """
    masks: dict[str, Masks] = {}
    points: dict[str, Point] = {}
    seconds: dict[str, float] = {}
    for mode in MODES:
        chosen = replace(recipe, calibration=mode)
        what = f"{recipe.target:.0%} {mode}"
        engine.prune(None)
        began = time.perf_counter()
        ranked = engine.ranked_for(allocation, chosen, partial(progress, what))
        engine.prune(allocation, chosen)
        seconds[mode] = time.perf_counter() - began
        masks[mode] = _masks(allocation, ranked)
        points[mode] = evaluate(engine, questions, allocation, chosen, partial(progress, what))
    return {
        "target": recipe.target,
        "achieved": allocation.achieved,
        "masks": agreement(*masks.values()),
        "accuracy": {mode: point.overall.to_json() | {"loss": point.loss} for mode, point in points.items()},
        "difference": paired(points["dense"].marks, points["sequential"].marks),
        "seconds": seconds,
    }


def _masks(allocation: Allocation, ranked: Mapping[str, Ranked]) -> Masks:
    """Keep-masks of every layer of the prunable set that loses weights."""
    return {
        layer.name: keep_mask(layer, kept, ranked[layer.name])
        for layer, kept, counts in zip(allocation.layers, allocation.kept, allocation.prunable)
        if counts and kept < layer.size
    }


def agreement(one: Masks, other: Masks) -> dict[str, float]:
    """How far two sets of keep-masks of the same layers agree.

    Returns:
        same: share of weights with the same decision; removed_in_common: share of the removed weights of `one` that
        `other` removes too.
    """
    same = sum(int((mask == other[name]).sum()) for name, mask in one.items())
    both = sum(int((~mask & ~other[name]).sum()) for name, mask in one.items())
    removed = sum(int((~mask).sum()) for mask in one.values())
    return {"same": same / sum(mask.numel() for mask in one.values()), "removed_in_common": both / removed}


def paired(dense: Sequence[bool], sequential: Sequence[bool]) -> dict[str, Any]:
    """Share of right answers, sequential less dense, on the same questions.

    The 95% interval is Wald's with half a question added to each of the four outcomes (Agresti and Min, Statistics in
    Medicine 2005), which also holds where few answers differ.
    """
    gained = sum(new and not old for old, new in zip(dense, sequential, strict=True))
    lost = sum(old and not new for old, new in zip(dense, sequential))
    n = len(dense) + 2
    middle = (gained - lost) / n
    half = Z * math.sqrt((gained + lost + 1) - (gained - lost) ** 2 / n) / n
    value = (gained - lost) / len(dense)
    return {"value": value, "interval": [middle - half, middle + half], "gained": gained, "lost": lost}
