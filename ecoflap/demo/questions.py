"""Questions with answers about scenes: asked one by one, as samples of a split, or suggested for a picture."""

import random
from collections.abc import Sequence

from ecoflap.demo.drawing import draw
from ecoflap.demo.kinds import KINDS, Pair
from ecoflap.demo.scenes import Scene, random_scene, scene_seed
from ecoflap.demo.words import OPENINGS
from ecoflap.types import Sample

__all__ = ["KINDS", "ask", "samples", "suggestions"]


def ask(scene: Scene, kind: str, rng: random.Random) -> Pair | None:
    """A question of the kind about the scene in everyday spelling, with its answer; None if the scene allows none."""
    pair = KINDS[kind](scene, rng)
    if not pair:
        return None
    question = pair[0].capitalize() if rng.random() < 0.7 else pair[0]
    mark = "." if pair[0] in OPENINGS[:3] or pair[0].startswith(("count", "write")) else "?"
    return question + mark * (rng.random() < 0.8), pair[1]


def samples(split: str, n: int, seed: int = 0, kinds: Sequence[str] | None = None) -> list[Sample]:
    """`n` samples of a split, the kinds in turn, every one on a picture of its own.

    ValueError for an unknown split or kind. The seeds of different splits never meet (scene_seed).
    """
    kinds = tuple(kinds or KINDS)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"There is no question type '{unknown[0]}': choose among {', '.join(KINDS)}.")
    found: list[Sample] = []
    index = 0
    while len(found) < n:
        rng = random.Random(scene_seed(split, index, seed))
        scene, kind = random_scene(rng), kinds[len(found) % len(kinds)]
        pair = ask(scene, kind, rng)
        if pair:
            found.append(Sample(draw(scene), *pair, kind))
        index += 1
    return found


def suggestions(scene: Scene, n: int = 6) -> list[str]:
    """Up to `n` well-written questions of different kinds that fit the scene; the same ones for the same scene."""
    rng = random.Random(scene.texture)
    found = []
    for kind in rng.sample(sorted(KINDS), len(KINDS)):
        pair = KINDS[kind](scene, rng)
        if pair:
            found.append(pair[0].capitalize() + ("." if pair[0].startswith(("count", "write", "describe")) else "?"))
    return found[:n]
