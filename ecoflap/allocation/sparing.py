"""What it would cost to spare a layer, a block or a modality: who pays, and what the measured curves make of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ecoflap.allocation.curves import loss_increase
from ecoflap.allocation.plan import Plan
from ecoflap.allocation.pools import members
from ecoflap.types import Allocation, Layer, Recipe, ScoreBundle


@dataclass(frozen=True)
class Sparing:
    """An allocation as it is and as it would be with one part kept whole.

    Attributes:
        name: of the layer, block or modality.
        size: weights in its prunable layers.
        weights: how many of them are zero now and would come back.
        rest_now: sparsity of the rest of the prunable set now; None where there is no rest.
        rest_after: what it would become, so that the budget stays exact.
        loss_now: loss increase of the whole allocation that the layers' response curves add up to; None where a
            prunable layer has no curve. Blocks are measured one at a time, so together they may cost more.
        loss_after: the same once the part is spared.
    """

    name: str
    size: int
    weights: int
    rest_now: float | None
    rest_after: float | None
    loss_now: float | None
    loss_after: float | None


def sparing(bundle: ScoreBundle, recipe: Recipe, name: str) -> Sparing:
    """What sparing `name` would cost at the recipe's target; overrides inside it would be freed.

    Raises:
        EcoflapError: nothing that is pruned has this name, the rest cannot pay, or a pattern fixes every layer.
    """
    pruned = [layer for layer in bundle.layers if layer.modality in recipe.modalities]
    inside = {layer.name for layer in members(pruned, name)}
    now = Plan(bundle, recipe).allocation()
    after = Plan(bundle, replace(recipe, overrides=spared(pruned, recipe.overrides, name))).allocation()
    size = sum(layer.size for layer in pruned if layer.name in inside)
    kept_now, kept_after = _kept(now, inside), _kept(after, inside)
    rest = now.total - size
    shares = [
        1 - (found.total_kept - kept) / rest if rest else None for found, kept in ((now, kept_now), (after, kept_after))
    ]
    return Sparing(name, size, kept_after - kept_now, *shares, _loss(now), _loss(after))


def spared(pruned: Sequence[Layer], overrides: dict[str, float], name: str) -> dict[str, float]:
    """`overrides` with `name` kept whole: what they fix inside it would contradict that, and is left out."""
    inside = {layer.name for layer in members(pruned, name)}
    outside = {
        key: value for key, value in overrides.items() if not {layer.name for layer in members(pruned, key)} <= inside
    }
    return outside | {name: 0.0}


def _kept(allocation: Allocation, names: set[str]) -> int:
    """Weights kept in the layers called `names`."""
    return sum(kept for layer, kept in zip(allocation.layers, allocation.kept) if layer.name in names)


def _loss(allocation: Allocation) -> float | None:
    """The loss increase of all prunable layers by their curves; None where one has none."""
    found = [row for row, counts in zip(zip(allocation.layers, allocation.sparsity), allocation.prunable) if counts]
    layers, sparsities = zip(*found)
    return loss_increase(layers, sparsities) if all(layer.curve for layer in layers) else None
