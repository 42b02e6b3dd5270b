"""How fast a budget is allocated over BLIP-2's 588 matrices: once, and at all positions of the slider."""

from statistics import median

import numpy as np

from ecoflap.allocation import Plan
from ecoflap.bench.timing import seconds
from ecoflap.types import Layer, Recipe, ScoreBundle

_ATTENTION = tuple((name, 2048, 2048) for name in "qkvo")
_FEED_FORWARD = (("wi_0", 5120, 2048), ("wi_1", 5120, 2048), ("wo", 2048, 5120))
_CROSS = tuple((f"cross_{name}", rows, cols) for name, rows, cols in _ATTENTION)
# (modality, block, how many, (matrix, rows, cols) of each) of BLIP-2 with ViT-g and FlanT5-XL.
_STACKS = (
    ("vision", "vision", 39, (("qkv", 4224, 1408), ("proj", 1408, 1408), ("fc1", 6144, 1408), ("fc2", 1408, 6144))),
    ("language", "encoder", 24, (*_ATTENTION, *_FEED_FORWARD)),
    ("language", "decoder", 24, (*_ATTENTION, *_CROSS, *_FEED_FORWARD)),
)


def allocating(quick: bool = False) -> dict[str, float]:
    """Times of one run, plans made beforehand.

    Returns:
        allocate_588_ms: one allocation with every matrix a group of its own, in milliseconds; median.
        allocate_96_targets_ms: the table of all targets, the slower of granularities block and layer; the fastest
            of several, for a table takes as long as the time slice that another program may get in between.
    """
    scores = bundle()
    plans = [Plan(scores, Recipe(granularity=granularity)) for granularity in ("layer", "block")]
    once = 100 if quick else 500
    return {
        "allocate_588_ms": 1000 * median(seconds(plans[0].allocation) for _ in range(once)),
        "allocate_96_targets_ms": 1000 * max(min(seconds(plan.table) for _ in range(25)) for plan in plans),
    }


def bundle() -> ScoreBundle:
    """A bundle of BLIP-2's 588 matrices with random scores, always the same."""
    places = [
        (f"{stack}.{number}.{name}", f"{stack}.{number}", modality, rows, cols)
        for modality, stack, count, matrices in _STACKS
        for number in range(count)
        for name, rows, cols in matrices
    ]
    scores = np.random.default_rng(0).lognormal(0, 1, len(places)).tolist()
    return ScoreBundle("blip2", "random", tuple(Layer(*place, score) for place, score in zip(places, scores)))
