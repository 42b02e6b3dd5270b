"""Exact budgets: real-valued shares under a cap, turned into whole weights that sum to the weight.

Everything here works on numpy vectors with one entry per group and never sees a model.
"""

from dataclasses import replace

import numpy as np

from ecoflap.allocation.groups import Groups
from ecoflap.errors import EcoflapError

# Shares are computed in float64: at 1e10 weights an absolute error near 1e-6 is possible, so remainders that differ by
# less than this count as ties, which go by order.
TIE = 1e-5


def largest_remainder(shares: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers next to `shares` (groups,) that sum to `total`; the largest fractions go up, ties by order.

    `shares` sum to `total` but for rounding errors, so every result is floor or ceil of its share.
    """
    whole = np.floor(shares + TIE).astype(np.int64)
    missing = int(total - whole.sum())
    if missing:
        fractions = np.rint((shares - whole) / TIE)
        # A negative `missing` takes from the smallest fractions instead, which is rare.
        whole[_largest(fractions if missing > 0 else -fractions, abs(missing))] += 1 if missing > 0 else -1
    return whole


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """True at the `count` largest of `values`, ties by order; the values are not sorted, which would take longer."""
    last = np.partition(values, len(values) - count)[len(values) - count]
    chosen = values > last
    chosen[(values == last).nonzero()[0][: count - np.count_nonzero(chosen)]] = True
    return chosen


def budget(total: int, target: float) -> int:
    """Weights to keep of `total`: exactly round((1 - target) * N)."""
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


def proportional(groups: Groups, keep: int, cap: float) -> np.ndarray:
    """Kept weights per group: the floor of `cap`, then the rest in proportion to the scores.

    A group that reaches its size leaves, and what it could not take is shared again (ECoFLaP, arXiv 2310.02998,
    section 3.2). Groups without a score receive only what no scored group can take, in proportion to their room.

    Args:
        groups: sizes and scores.
        keep: weights to keep in all.
        cap: largest sparsity of a group.

    Returns:
        (groups,) int64 that sum to `keep`.
    """
    least = floors(groups.sizes, cap, keep)
    room = (groups.sizes - least).astype(np.float64)
    spare = float(keep - least.sum())
    scored = groups.scored
    full = room[scored]
    scored_room = float(full.sum())
    shares = least.astype(np.float64)
    shares[scored] += water_fill(full, groups.scored_relative, min(spare, scored_room))
    left = spare - scored_room
    if left > 0:
        room[scored] = 0.0
        shares += room * (left / room.sum())
    return largest_remainder(shares, keep)


def fitted(groups: Groups, wanted: np.ndarray, keep: int, cap: float) -> np.ndarray:
    """Kept weights per group next to `wanted`, whatever that sums to, under the cap and exact to the weight.

    What a group wants above the floor of the cap, at most all its weights, is its score for `proportional`: where the
    wishes hit the budget and the cap, they are what comes out.

    Args:
        groups: sizes; their scores do not matter.
        wanted: weights to keep, (groups,) float64.
        keep: weights to keep in all.
        cap: largest sparsity of a group.

    Returns:
        (groups,) int64 that sum to `keep`.
    """
    above = np.minimum(wanted, groups.sizes) - floors(groups.sizes, cap, keep)
    return proportional(replace(groups, scores=np.maximum(above, 0.0)), keep, cap)


def water_fill(room: np.ndarray, scores: np.ndarray, amount: float) -> np.ndarray:
    """Split `amount` in proportion to `scores`, at most `room` each: min(room, level * score) for the one right level.

    A group saturates when level >= room / score, so in the order of that quotient the saturated ones come first and the
    level follows from two cumulated sums. Scores are above 0.
    """
    if amount <= 0:
        return np.zeros(len(room))
    order = (room / scores).argsort(kind="stable")
    weight = scores[order]
    full = room[order]
    before = np.zeros(len(full))
    full[:-1].cumsum(out=before[1:])
    behind = weight[::-1].cumsum()[::-1]
    levels = (amount - before) / behind
    fits = levels * weight <= full
    first = fits.argmax()
    level = levels[first] if fits[first] else np.inf
    return np.minimum(room, level * scores)


class Split:
    """Hands a group's weights to its layers in proportion to size, by largest remainder within the group."""

    def __init__(self, member: np.ndarray, sizes: np.ndarray) -> None:
        """Sort the layers by group.

        Args:
            member: index of each layer's group, (layers,) int64, groups in order of first appearance.
            sizes: weights per layer, (layers,) int64.
        """
        self.order = np.argsort(member, kind="stable")
        self.member, self.sizes = member[self.order], sizes[self.order]
        self.group_sizes = np.bincount(member, sizes).astype(np.int64)
        # Fractions are at most 1 / TIE, so with this distance between groups one sort orders each of them in itself.
        self.apart = self.member * (2 / TIE)
        # Place of each sorted layer in its group, from 0.
        self.place = np.arange(len(member)) - np.searchsorted(self.member, self.member)

    def __call__(self, kept: np.ndarray) -> np.ndarray:
        """Weights kept per layer, (layers,) int64, from those per group, (groups,) int64."""
        if len(kept) == len(self.member):  # One layer in every group, in the same order.
            return kept
        shares = self.sizes * (kept / self.group_sizes)[self.member]
        whole = np.floor(shares + TIE).astype(np.int64)
        missing = kept - np.bincount(self.member, whole).astype(np.int64)
        # The `missing` layers of a group with the largest fractions get one weight more.
        by_fraction = (self.apart - np.rint((shares - whole) / TIE)).argsort(kind="stable")
        whole[by_fraction] += self.place < missing[self.member]
        result = np.empty_like(whole)
        result[self.order] = whole
        return result
