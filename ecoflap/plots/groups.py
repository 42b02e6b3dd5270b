"""What the figures show of an allocation: its groups, as columns or points."""

import math
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ecoflap.types import MODALITIES, Allocation, Layer


@dataclass(frozen=True)
class Group:
    """Prunable layers that share one sparsity.

    Attributes:
        words: what people call it.
        modality: vision, bridge or language.
        layers: indices of its layers, in execution order.
        size: weights in all of them.
        sparsity: share of them that goes, 0 to 1.
        score: importance as the allocator sees it: the sum over the layers, or that per weight; 0 where none is known.
        stderr: standard error of `score`, errors of the layers taken as independent; None where one is unknown.
        held: whether an override fixes it.
    """

    words: str
    modality: str
    layers: tuple[int, ...]
    size: int
    sparsity: float
    score: float
    stderr: float | None
    held: bool


def groups_of(
    allocation: Allocation,
    names: Mapping[str, str],
    overrides: Collection[str] = (),
    aggregate: str = "sum",
) -> list[Group]:
    """The groups of the prunable set by modality, in each in execution order.

    What an override holds inside a larger group is a group of its own: it has another sparsity.

    Args:
        allocation: what to show.
        names: group, or override, -> what people call it.
        overrides: names of the layers, blocks or modalities that are fixed by hand.
        aggregate: sum, or avg for importance per weight.
    """
    members: dict[tuple[int, str, str], list[int]] = {}
    for i, (layer, group) in enumerate(zip(allocation.layers, allocation.group_of)):
        if allocation.prunable[i]:
            key = MODALITIES.index(layer.modality), group, _holder(layer, overrides)
            members.setdefault(key, []).append(i)
    found = []
    for (_, name, holder), chosen in sorted(members.items(), key=lambda entry: entry[0][0]):
        layers = [allocation.layers[i] for i in chosen]
        size = sum(layer.size for layer in layers)
        kept = sum(allocation.kept[i] for i in chosen)
        score, stderr = _importance(layers, size if aggregate == "avg" else 1)
        # The narrower name says more: of a block that is held inside its modality, the block's.
        levels = (layers[0].modality, layers[0].block, layers[0].name)
        narrow = max(filter(None, (name, holder)), key=levels.index)
        group = Group(
            names.get(narrow, narrow),
            layers[0].modality,
            tuple(chosen),
            size,
            1 - kept / size,
            score,
            stderr,
            bool(holder),
        )
        found.append(group)
    return found


def _holder(layer: Layer, overrides: Collection[str]) -> str:
    """The narrowest override that holds a layer; empty where none does."""
    return next((name for name in (layer.name, layer.block, layer.modality) if name in overrides), "")


def _importance(layers: Sequence[Layer], divisor: int) -> tuple[float, float | None]:
    """Summed score and its standard error, both divided; beyond the largest number, that number."""
    score = min(sum(layer.score for layer in layers), sys.float_info.max) / divisor
    if any(layer.stderr is None for layer in layers):
        return score, None
    return score, min(math.hypot(*(layer.stderr for layer in layers)), sys.float_info.max) / divisor


def place_of_layers(groups: Sequence[Group], layers: int) -> list[int]:
    """Index of every layer's group, -1 outside the prunable set: (layers,)."""
    places = [-1] * layers
    for place, group in enumerate(groups):
        for layer in group.layers:
            places[layer] = place
    return places
