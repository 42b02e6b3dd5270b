"""Layers that every allocator has the facts for."""

from dataclasses import replace

import numpy as np

from ecoflap.allocation import ALLOCATORS
from ecoflap.importance.local import QUANTILES
from ecoflap.types import Layer, ScoreBundle

# What takes the place of the scores in some.
STATS = tuple(allocator.score for allocator in ALLOCATORS if allocator.score)


def profile(values) -> tuple[float, ...]:
    """Quantiles of `values` as the engine measures them."""
    ordered = np.sort(np.asarray(values, dtype=float).ravel())
    places = np.rint(np.linspace(0, ordered.size - 1, QUANTILES)).astype(int)
    return tuple(ordered[places].tolist())


def layer(name: str, rows: int, cols: int, modality: str = "language", block: str = "", **stats) -> Layer:
    """A layer of its own block; `score` and `curve` among the stats are the layer's."""
    own = {key: stats.pop(key) for key in ("score", "curve") if key in stats}
    return Layer(name, block or name, modality, rows, cols, stats=stats, **own)


def with_facts(bundle: ScoreBundle) -> ScoreBundle:
    """The bundle with a stat for every allocator, each of which rises with the score."""
    single = ("outliers", "median", "alpha", "diversity", *STATS)

    def known(one: Layer) -> Layer:
        rows = {name: tuple(np.linspace(0, one.score, QUANTILES)) for name in ("magnitudes", "lamp")}
        share = 1 / (1 + one.score)
        rows["joint"] = (0.5, 0.5 * share, 0.8, 0.8 * share)
        return replace(one, stats=dict.fromkeys(single, one.score) | rows)

    return replace(bundle, layers=tuple(map(known, bundle.layers)))


def every_fact(seed: int, count: int = 9) -> ScoreBundle:
    """A bundle of `count` blocks of two matrices in two modalities, with random facts for every allocator."""
    draw = np.random.default_rng(seed)
    layers = []
    for i in range(2 * count):
        rows, cols = (int(size) for size in draw.integers(3, 40, 2))
        increase = np.sort(draw.exponential(size=3))
        weights = np.abs(draw.normal(scale=draw.uniform(0.1, 3), size=(rows, cols)))
        squares = np.sort(weights.ravel()) ** 2
        stats = {name: float(draw.exponential()) for name in ("outliers", "median", "alpha", "diversity")}
        stats |= {name: float(draw.exponential()) for name in STATS}
        stats |= {"magnitudes": profile(weights), "lamp": profile(squares / np.cumsum(squares[::-1])[::-1])}
        stats["joint"] = (0.4, float(draw.uniform(0.2, 0.6)), 0.7, float(draw.uniform(0.4, 0.9)))
        curve = tuple((at, float(up), 0.01) for at, up in zip((0.4, 0.7, 1.0), increase))
        modality = "vision" if i < count else "language"
        made = {"score": float(draw.exponential()), "curve": curve} | stats
        layers.append(layer(f"layer{i}", rows, cols, modality, f"block{i // 2}", **made))
    return ScoreBundle("random", "zeroth-order", tuple(layers))
