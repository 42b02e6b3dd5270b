"""Bytes of the prunable weights in the formats that leave zeros out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ecoflap.types import Layer
from ecoflap.types.pattern import GROUPED

# Up to here a signed 16-bit column index reaches, up to there a signed 32-bit pointer.
SHORT, LONG = 2**15, 2**31
# Bits that say which of M a kept weight is.
PLACE_BITS = {"2:4": 2, "4:8": 3}


def sparse_bytes(layers: Sequence[Layer], kept: np.ndarray, bits: int, pattern: str) -> list[dict[str, Any]]:
    """Every format with its bytes at every target.

    bitmask: kept weights, and one bit per weight. csr: kept weights, a column index for each, and where each row
    begins. packed (N:M patterns alone): kept weights, and for each the bits that say where in its group it stands.

    Args:
        layers: of the prunable set.
        kept: weights kept, (targets, layers) int64.
        bits: of one weight.
        pattern: of zeros.

    Returns:
        {"format", "bytes": (targets,)} each.
    """
    values = kept.sum(axis=1) * bits
    found = {"bitmask": values + sum(layer.size for layer in layers), "csr": values + _csr(layers, kept)}
    if pattern in GROUPED:
        found = {"packed": values + _places(layers, pattern)} | found
    return [{"format": name, "bytes": (-(-total // 8)).tolist()} for name, total in found.items()]


def _csr(layers: Sequence[Layer], kept: np.ndarray) -> np.ndarray:
    """Bits of the indices: one per kept weight, 16 wide where the columns allow it, and a pointer per row and end."""
    index = np.array([16 if layer.cols <= SHORT else 32 for layer in layers])
    pointers = [(layer.rows + 1) * (32 if layer.size < LONG else 64) for layer in layers]
    return kept @ index + sum(pointers)


def _places(layers: Sequence[Layer], pattern: str) -> int:
    """Bits of the places in whole groups; the columns behind the last one are stored as they are."""
    keep, among = GROUPED[pattern]
    return sum(layer.rows * (layer.cols // among) * keep * PLACE_BITS[pattern] for layer in layers)
