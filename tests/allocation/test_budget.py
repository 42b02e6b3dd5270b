"""Exact budgets, against a naive allocator in exact fractions and against literal small cases."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest

from ecoflap.allocation import ecoflap, uniform
from ecoflap.allocation.budget import Split, largest_remainder
from ecoflap.allocation.groups import Groups
from ecoflap.errors import EcoflapError
from ecoflap.types import Layer


def naive(sizes, scores, keep, cap):
    """The same rule in exact fractions: floors, shares in rounds, largest remainders; nothing shared with the code."""
    cap = Fraction(str(cap))  # the cap that was meant, 0.6 and not 0.59999999999999998
    wanted = [(1 - cap) * size for size in sizes]
    least = [math.ceil(value) for value in wanted]
    if sum(least) > keep:
        scale = Fraction(keep) / sum(wanted)
        shares, least = [value * scale for value in wanted], [0] * len(sizes)
    else:
        shares = [Fraction(value) for value in least]
        rest, open_groups = keep - sum(least), {i for i, s in enumerate(scores) if s > 0}
        while rest > 0 and open_groups:
            total = sum(Fraction(scores[i]) for i in open_groups)
            gifts = {i: rest * Fraction(scores[i]) / total for i in open_groups}
            full = {i for i in open_groups if shares[i] + gifts[i] >= sizes[i]}
            for i in full or open_groups:
                gift = sizes[i] - shares[i] if i in full else gifts[i]
                shares[i] += gift
                rest -= gift
            open_groups = open_groups - full if full else set()
        room = {i: sizes[i] - shares[i] for i, s in enumerate(scores) if s <= 0}
        if rest > 0:
            total = sum(room.values())
            for i in room:
                shares[i] += rest * room[i] / total
    whole = [math.floor(share) for share in shares]
    order = sorted(range(len(sizes)), key=lambda i: (-(shares[i] - whole[i]), i))
    for i in order[: keep - sum(whole)]:
        whole[i] += 1
    return whole


@pytest.mark.parametrize("seed", range(300))
def test_equals_the_naive_allocator_in_fractions(seed):
    rng = random.Random(seed)
    count = rng.randint(1, 8)
    sizes = [rng.choice([rng.randint(1, 9), rng.randint(10, 5000)]) for _ in range(count)]
    scores = [rng.choice([0.0, rng.random(), 100 * rng.random(), 1.0]) for _ in range(count)]
    target = rng.choice([0.0, 0.5, 0.95, rng.random()])
    cap = min(1.0, rng.choice([target, target + 0.1, 1.0]))
    keep = round((1 - target) * sum(sizes))
    found = ecoflap.keep(Groups(np.array(sizes), np.array(scores)), keep, cap)
    assert found.tolist() == naive(sizes, scores, keep, cap)


@pytest.mark.parametrize("seed", range(200))
def test_budget_cap_and_bounds_hold(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 10**9, rng.integers(1, 100))
    scores = rng.lognormal(0, 4, len(sizes)) * rng.integers(0, 2, len(sizes))
    target = rng.random()
    cap = target + (1 - target) * rng.random()
    keep = round((1 - target) * int(sizes.sum()))
    found = ecoflap.keep(Groups(sizes, scores), keep, cap)
    assert found.sum() == keep
    assert (found <= sizes).all()
    assert (found >= np.floor((1 - cap) * sizes)).all()


def test_sparsity_grows_with_the_target():
    rng = np.random.default_rng(0)
    sizes, scores = rng.integers(1000, 10**6, 30), rng.lognormal(0, 2, 30)
    groups = Groups(sizes, scores)
    steps = [ecoflap.keep(groups, round((1 - p / 100) * sizes.sum()), min(1, p / 100 + 0.1)) for p in range(96)]
    # Largest remainders may move a weight the other way.
    assert (np.diff(np.array(steps), axis=0) <= 1).all()


def test_closed_form_while_nothing_is_full():
    sizes, scores = np.array([1000, 2000, 3000]), np.array([1.0, 2.0, 3.0])
    found = 1 - ecoflap.keep(Groups(sizes, scores), 3000, 0.6) / sizes
    expected = 0.6 - 0.1 * (scores / 6) * (6000 / sizes)
    assert found == pytest.approx(expected, abs=1e-3)


def test_four_groups_of_seven_keep_exactly_half():
    """The public code keeps 18 of these 28 (its overshoot branch adds where it should subtract)."""
    found = ecoflap.keep(Groups(np.array([7, 7, 7, 7]), np.array([1.0, 1.0, 1.0, 1.0])), 14, 0.6)
    assert found.tolist() == [4, 4, 3, 3]


def test_a_full_group_leaves_and_the_rest_is_shared_again():
    found = ecoflap.keep(Groups(np.array([10, 10, 10]), np.array([8.0, 1.0, 1.0])), 18, 1.0)
    assert found.tolist() == [10, 4, 4]


def test_groups_without_score_take_what_no_scored_group_can():
    found = ecoflap.keep(Groups(np.array([10, 20, 40]), np.array([5.0, 0.0, 0.0])), 40, 1.0)
    assert found.tolist() == [10, 10, 20]


def test_uniform_is_the_same_share_everywhere():
    assert uniform.keep(Groups(np.array([10, 20, 30]), np.zeros(3)), 30, 1.0).tolist() == [5, 10, 15]


def test_largest_remainder_breaks_ties_by_order():
    assert largest_remainder(np.array([1.5, 1.5, 1.0]), 4).tolist() == [2, 1, 1]


@pytest.mark.parametrize("seed", range(200))
def test_largest_remainder_is_what_sorting_gives(seed):
    rng = np.random.default_rng(seed)
    # Few different fractions, so that most of them tie.
    shares = rng.integers(0, 9, 50) + rng.integers(0, 5, 50) / 8
    total = round(shares.sum())
    shares[-1] += total - shares.sum()
    whole = np.floor(shares)
    order = sorted(range(50), key=lambda i: (whole[i] - shares[i], i))
    for i in order[: int(total - whole.sum())]:
        whole[i] += 1
    assert largest_remainder(shares, total).tolist() == whole.tolist()


def test_largest_remainder_takes_back_what_rounding_gave_too_much():
    # 2.999999 counts as 3, so that 9 would be kept of 8: the smallest fraction, the first of them, gives one back.
    assert largest_remainder(np.array([2.999999, 2.999999, 2.999999]), 8).tolist() == [2, 3, 3]


def test_a_group_is_split_by_size_with_its_remainder_to_the_largest_fractions():
    split = Split(np.array([0, 1, 0, 1, 1]), np.array([10, 4, 5, 4, 4]))
    # 7 of 15 weights are 4.67 and 2.33; 8 of 12 are 2.67 each, and ties go by order.
    assert split(np.array([7, 8])).tolist() == [5, 3, 2, 3, 2]
    assert split(np.array([15, 0])).tolist() == [10, 0, 5, 0, 0]


def test_a_group_of_one_layer_is_that_layer():
    assert Split(np.array([0, 1, 2]), np.array([10, 4, 5]))(np.array([7, 1, 5])).tolist() == [7, 1, 5]


def test_groups_relate_scores_to_the_largest_and_order_them_by_size_for_score():
    groups = Groups(np.array([8, 2, 6, 5]), np.array([4.0, 2.0, 0.0, 1e-31]))
    assert groups.total == 21
    assert groups.relative.tolist() == [1.0, 0.5, 0.0, 0.0]
    assert groups.scored.tolist() == [1, 0]
    assert groups.scored_relative.tolist() == [0.5, 1.0]


def test_a_subset_of_groups_relates_scores_to_its_own_largest():
    pair = [(Layer(name, name, "vision", 1, 5),) for name in "abc"]
    part = Groups(np.array([8, 5, 6]), np.array([4.0, 1e-31, 0.0]), tuple(pair)).subset(np.array([1, 2]))
    assert part.sizes.tolist() == [5, 6]
    assert part.relative.tolist() == [1.0, 0.0]
    assert [layer.name for (layer,) in part.layers] == ["b", "c"]


def test_a_target_above_the_cap_is_refused():
    with pytest.raises(EcoflapError, match=r"target sparsity 0\.7 is above the cap 0\.6"):
        ecoflap.keep(Groups(np.array([100, 100]), np.array([1.0, 2.0])), 60, 0.6)
