"""Exact budgets: real-valued shares under a cap, turned into whole weights that sum to the weight.

Everything here works on numpy vectors with one entry per group and never sees a model.
"""

import numpy as np

from ecoflap.errors import EcoflapError

# Shares are computed in float64: at 1e10 weights an absolute error near 1e-6 is possible, so remainders that differ by
# less than this count as ties, which go by order.
TIE = 1e-5
# A score this much smaller than the largest would not move a weight among 1e15.
TINY = 1e-30


def largest_remainder(shares: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers next to `shares` (groups,) that sum to `total`; the largest fractions go up, ties by order.

    `shares` sum to `total` but for rounding errors, so every result is floor or ceil of its share.
    """
    whole = np.floor(shares + TIE).astype(np.int64)
    missing = int(total - whole.sum())
    if missing:
        fractions = np.round((shares - whole) / TIE)
        # A negative `missing` takes from the smallest fractions instead; both are rare and small.
        order = np.argsort(-fractions if missing > 0 else fractions, kind="stable")
        whole[order[: abs(missing)]] += 1 if missing > 0 else -1
    return whole


def budget(sizes: np.ndarray, target: float) -> int:
    """Weights to keep: exactly round((1 - target) * N)."""
    total = int(sizes.sum())
    return round((1 - target) * total)


def floors(sizes: np.ndarray, cap: float, keep: int) -> np.ndarray:
    """Weights that each group keeps whatever its score, so that no group is above `cap`.

    That is ceil((1 - cap) * size). Only where these ceilings alone overspend the budget (target at the cap, odd sizes)
    does a group keep the fraction of a weight less.

    Raises:
        EcoflapError: the budget cannot be met under this cap.
    """
    wanted = (1 - cap) * sizes
    least = np.ceil(wanted - TIE).astype(np.int64)
    if least.sum() <= keep:
        return least
    if wanted.sum() > keep + 0.5 + TIE:
        raise EcoflapError("target_above_cap", target=round(1 - keep / int(sizes.sum()), 6), cap=cap)
    return largest_remainder(wanted * (keep / wanted.sum()), keep)


def proportional(sizes: np.ndarray, scores: np.ndarray, keep: int, cap: float) -> np.ndarray:
    """Kept weights per group: the floor of `cap`, then the rest in proportion to `scores`.

    A group that reaches its size leaves, and what it could not take is shared again (ECoFLaP, arXiv 2310.02998,
    section 3.2). Groups without a score receive only what no scored group can take, in proportion to their room.

    Args:
        sizes: weights per group, (groups,) int64.
        scores: importance per group, (groups,) float64, at least 0.
        keep: weights to keep in all.
        cap: largest sparsity of a group.

    Returns:
        (groups,) int64 that sum to `keep`.
    """
    least = floors(sizes, cap, keep)
    room = (sizes - least).astype(np.float64)
    spare = float(keep - least.sum())
    # Next to the largest score, what is smaller than this receives nothing that could be counted.
    scores = np.where(scores > TINY * scores.max(), scores, 0.0) / (scores.max() or 1.0)
    scored_room = float(room[scores > 0].sum())
    shares = least + water_fill(room, scores, min(spare, scored_room))
    left = spare - scored_room
    if left > 0:
        unscored = np.where(scores > 0, 0.0, room)
        shares = shares + unscored * (left / unscored.sum())
    return largest_remainder(shares, keep)


def water_fill(room: np.ndarray, scores: np.ndarray, amount: float) -> np.ndarray:
    """Split `amount` in proportion to `scores`, at most `room` each: min(room, level * score) for the one right level.

    A group saturates when level >= room / score, so in the order of that quotient the saturated ones come first and the
    level follows from two cumulated sums.
    """
    if amount <= 0:
        return np.zeros_like(room)
    active = np.flatnonzero(scores > 0)
    order = active[np.argsort(room[active] / scores[active], kind="stable")]
    weight = scores[order]
    full = room[order]
    before = np.concatenate(([0.0], np.cumsum(full)[:-1]))
    behind = np.cumsum(weight[::-1])[::-1]
    levels = (amount - before) / behind
    fits = np.flatnonzero(levels * weight <= full)
    level = levels[fits[0]] if len(fits) else np.inf
    result = np.zeros_like(room)
    result[order] = np.minimum(full, level * weight)
    return result
