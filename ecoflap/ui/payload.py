"""What the browser looks up while the hand moves: every layer's sparsity at all 96 targets, as Python computed it."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecoflap.allocation import TARGETS
from ecoflap.types import MODALITIES, Allocation, Layer, Recipe
from ecoflap.ui.storage import sparse_bytes

# A cell is 16 bits: sparsity in steps of 1/STEPS, and in the lowest bit whether the layer is at the cap.
STEPS = 32766
UNREACHABLE = 65535
# "At the cap" as people read it: the same number to a tenth of a per cent, or to the last whole weight.
AT_CAP = 0.0005
BITS = {"float64": 64, "float32": 32, "bfloat16": 16, "float16": 16}


def at_cap(table: np.ndarray, caps: np.ndarray, decided: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Which layers are at the cap, (targets, layers) bool.

    Only layers that the allocator has `decided` about (layers,) can be: the cap does not bind a hand.
    """
    near = table >= caps[:, None] - np.maximum(AT_CAP, 1 / sizes)
    return near & decided & (caps[:, None] < 1)


def cells(table: np.ndarray, capped: np.ndarray) -> str:
    """The table (targets, layers) as base64 of little-endian uint16 cells, row by row; NaN rows become UNREACHABLE."""
    packed = np.rint(np.nan_to_num(table) * STEPS).astype(np.uint16) * 2 + capped
    packed[np.isnan(table)] = UNREACHABLE
    return base64.b64encode(packed.astype("<u2").tobytes()).decode("ascii")


def key_of(recipe: Recipe, model: str = "") -> str:
    """What distinguishes tables: the model and its scores, and the recipe without its target."""
    cap = f"+{recipe.cap_margin}" if recipe.max_sparsity is None else f"={recipe.max_sparsity}"
    decided = (recipe.pattern,) if recipe.fixed else (recipe.allocator, recipe.aggregate, cap)
    held = [f"{name}={value!r}" for name, value in sorted(recipe.overrides.items())]
    return "|".join((*decided, recipe.granularity, ",".join(recipe.modalities), *held, recipe.bundle, model))


def table_payload(
    layers: Sequence[Layer], table: np.ndarray, recipe: Recipe, bits: int = 32, model: str = ""
) -> dict[str, Any]:
    """Everything the page shows at every target, ready for JSON.

    Args:
        layers: of the bundle.
        table: sparsities (96, layers), NaN rows where the cap makes the target unreachable.
        recipe: that the table belongs to; its target does not matter.
        bits: of one stored weight.
        model: which model and scores the layers are of.
    """
    sizes = np.array([layer.size for layer in layers], dtype=np.int64)
    modality = np.array([layer.modality for layer in layers])
    prunable = np.isin(modality, recipe.modalities)
    held = [not recipe.overrides.keys().isdisjoint((one.name, one.block, one.modality)) for one in layers]
    caps = np.array([cap_at(recipe, target) for target in TARGETS])
    reachable = ~np.isnan(table).any(axis=1)
    # Kept counts survive the way through 1 - kept / size: the rounding error is far below half a weight.
    kept = np.rint((1 - np.nan_to_num(table)) * sizes).astype(np.int64)
    capped = at_cap(table, caps, prunable & ~np.array(held), sizes)
    total, kept_total = int(sizes[prunable].sum()), kept[:, prunable].sum(axis=1)
    return {
        "key": key_of(recipe, model),
        "model": model,
        "cells": cells(table, capped),
        "capped": capped.sum(axis=1).tolist(),
        "reachable": reachable.tolist(),
        "caps": caps.round(6).tolist(),
        "total": total,
        "kept": kept_total.tolist(),
        "modalities": [_share(name, modality == name, sizes, kept, recipe) for name in MODALITIES if name in modality],
        "prunable": prunable.tolist(),
        "pattern": recipe.pattern,
        "dense_bytes": total * bits // 8,
        "storage": sparse_bytes([layers[i] for i in np.flatnonzero(prunable)], kept[:, prunable], bits, recipe.pattern),
        "bits": bits,
    } | ({"adopt": round(100 * recipe.target)} if recipe.fixed else {})


def cap_at(recipe: Recipe, target: float) -> float:
    """The cap of a recipe at another target."""
    return min(1.0, target + recipe.cap_margin) if recipe.max_sparsity is None else recipe.max_sparsity


def _share(name: str, chosen: np.ndarray, sizes: np.ndarray, kept: np.ndarray, recipe: Recipe) -> dict[str, Any]:
    """A modality's kept weights at every target."""
    size = int(sizes[chosen].sum())
    return {
        "name": name,
        "size": size,
        "kept": kept[:, chosen].sum(axis=1).tolist(),
        "prunable": name in recipe.modalities,
    }


def confirmation(allocation: Allocation, recipe: Recipe, model: str = "") -> dict[str, Any]:
    """What a commit answers: the authority's figures for the settled recipe."""
    return {
        "key": key_of(recipe, model),
        "percent": round(allocation.target * 100),
        "achieved": allocation.achieved,
        "kept": list(allocation.kept),
        "total_kept": allocation.total_kept,
        "error": None,
    }
