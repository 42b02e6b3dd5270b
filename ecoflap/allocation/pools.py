"""Overrides as pools: sets of layers that keep what a hand fixed, one inside the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecoflap.errors import EcoflapError
from ecoflap.types import Layer

# What a name may be of, the widest first: a modality, a block, a layer.
LEVELS = ("model", "block", "layer")


def group_name(layer: Layer, granularity: str) -> str:
    """The group that `layer` belongs to: itself, its block, or its modality."""
    return {"layer": layer.name, "block": layer.block, "model": layer.modality}[granularity]


@dataclass(frozen=True, eq=False)
class Pool:
    """Layers that share a budget of their own.

    Attributes:
        name: of the override that fixes it; empty for the outermost pool, which is all that is pruned.
        sparsity: that the override asks for.
        kept: weights that stay in all of it; the outermost pool's depend on the target, so that it has 0 here.
        held: weights that the pools directly inside it keep.
    """

    name: str
    sparsity: float
    kept: int
    held: int


def nested(layers: Sequence[Layer], overrides: dict[str, float]) -> tuple[list[Pool], np.ndarray]:
    """The pools that `overrides` make of the prunable `layers`, outermost first, each after what it is in.

    A name that several levels know is the narrowest one's: a layer's before a block's before a modality's.

    Returns:
        the pools, and for each layer the innermost pool that it is in, (layers,) int64.

    Raises:
        EcoflapError: a name that no prunable layer, block or modality has.
    """
    sizes = np.array([layer.size for layer in layers], dtype=np.int64)
    own = np.zeros(len(layers), dtype=np.int64)
    pools, parents = [("", 0.0, 0)], [0]
    for name, members in _widest_first(layers, overrides):
        # A block whose layers are in two modalities is one pool in each where these are fixed too.
        for parent in np.unique(own[members]).tolist():
            part = members[own[members] == parent]
            size = int(sizes[part].sum())
            own[part] = len(pools)
            pools.append((name, overrides[name], size - round(overrides[name] * size)))
            parents.append(parent)
    held = np.bincount(parents[1:], [kept for *_, kept in pools[1:]], len(pools)).astype(np.int64).tolist()
    return [Pool(*pool, inside) for pool, inside in zip(pools, held)], own


def members(layers: Sequence[Layer], name: str) -> list[Layer]:
    """Those of the prunable `layers` that an override called `name` fixes.

    Raises:
        EcoflapError: no prunable layer, block or modality has this name.
    """
    ((_, chosen),) = _widest_first(layers, {name: 0.0})
    return [layers[i] for i in chosen]


def _widest_first(layers: Sequence[Layer], overrides: dict[str, float]) -> list[tuple[str, np.ndarray]]:
    """Every override's name with its layers' indices, (members,) int64, modalities before blocks before layers."""
    found: list[list[tuple[str, np.ndarray]]] = [[] for _ in LEVELS]
    known: list[dict[str, list[int]]] = [{} for _ in LEVELS]
    if overrides:
        for i, layer in enumerate(layers):
            for level, names in zip(LEVELS, known):
                names.setdefault(group_name(layer, level), []).append(i)
    for name in overrides:
        levels = [level for level, names in enumerate(known) if name in names]
        if not levels:
            modalities = ", ".join(dict.fromkeys(layer.modality for layer in layers))
            raise EcoflapError("unknown_group", group=name, modalities=modalities)
        found[levels[-1]].append((name, np.array(known[levels[-1]][name])))
    return [entry for level in found for entry in level]
