"""How far the ways to score agree with each other, on the demo."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import Any

from ecoflap.engine import Engine
from ecoflap.importance.run import Step
from ecoflap.importance.settings import GRADIENTS, Settings
from ecoflap.models.registry import DEMO_SCORES, open_model
from ecoflap.types import Layer, Loading, ScoreBundle
from ecoflap.validation.agreement import block_sums, spearman
from ecoflap.validation.plateau import Progress

# Sparsities at which responses are compared.
SPARSITIES = (0.6, 0.8, 0.9)
# Values by layer name, and whether they say anything inside a block.
Scores = tuple[Mapping[str, float], bool]


def measure(progress: Progress, samples: int = 32, draws: int = 16) -> dict[str, Any]:
    """The section's result: rank correlations of every pair of methods.

    Args:
        progress: told of every unit.
        samples: calibration samples of what is measured here; the shipped bundle has its own numbers.
        draws: per batch, of zeroth-order-block.
    """
    shipped = ScoreBundle.read(DEMO_SCORES)
    engine = Engine(open_model("demo", Loading("cpu")))
    block = _scored(engine, Settings("zeroth-order-block", samples, draws=draws), progress)
    first = _scored(engine, Settings("first-order", samples), progress)
    found: dict[str, Scores] = {"zeroth-order": (_values(shipped.layers, lambda layer: layer.score), True)}
    found["zeroth-order-block"] = (_values(block.layers, lambda layer: layer.score), False)
    for name in GRADIENTS:
        found[f"first-order {name}"] = (_values(first.layers, partial(_stat, f"first_order.{name}")), True)
    for sparsity in SPARSITIES:
        found[f"response at {sparsity:.0%}"] = (_values(shipped.layers, partial(_increase, sparsity)), False)
    return {
        "samples": samples,
        "draws": draws,
        "shipped_draws": shipped.layers[0].draws,
        "layers": len(shipped.layers),
        "blocks": len({layer.block for layer in shipped.layers}),
        "methods": list(found),
        "pairs": pairs(shipped.layers, found),
    }


def _scored(engine: Engine, settings: Settings, progress: Progress) -> ScoreBundle:
    """The engine's scores, from its cache where they were measured before."""

    def tell(step: Step) -> None:
        progress(settings.method, step.done, step.total)

    return engine.score(settings, tell)


def _values(layers: Sequence[Layer], value: Callable[[Layer], float]) -> dict[str, float]:
    return {layer.name: value(layer) for layer in layers}


def _stat(name: str, layer: Layer) -> float:
    return layer.stats[name]


def _increase(sparsity: float, layer: Layer) -> float:
    """The layer's share of its block's loss increase at `sparsity`."""
    return {point[0]: point[1] for point in layer.curve}[sparsity]


def pairs(layers: Sequence[Layer], found: Mapping[str, Scores]) -> list[dict[str, Any]]:
    """Spearman of every pair over layers and over blocks' sums; over layers None where a method knows blocks only."""
    rows = []
    for one, other in combinations(found, 2):
        (first, inside), (second, also_inside) = found[one], found[other]
        sums, others = block_sums(layers, first), block_sums(layers, second)
        row: dict[str, Any] = {"one": one, "other": other, "layers": None}
        if inside and also_inside:
            row["layers"] = spearman([first[layer.name] for layer in layers], [second[layer.name] for layer in layers])
        rows.append(row | {"blocks": spearman(list(sums.values()), [others[block] for block in sums])})
    return rows
