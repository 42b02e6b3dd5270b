"""Exact budgets, against a naive allocator in exact fractions and against literal small cases."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest

from ecoflap.allocation import ecoflap, uniform
from ecoflap.allocation.budget import largest_remainder
from ecoflap.errors import EcoflapError


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
    found = ecoflap.keep(np.array(sizes), np.array(scores), keep, cap)
    assert found.tolist() == naive(sizes, scores, keep, cap)


@pytest.mark.parametrize("seed", range(200))
def test_budget_cap_and_bounds_hold(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 10**9, rng.integers(1, 100))
    scores = rng.lognormal(0, 4, len(sizes)) * rng.integers(0, 2, len(sizes))
    target = rng.random()
    cap = target + (1 - target) * rng.random()
    keep = round((1 - target) * int(sizes.sum()))
    found = ecoflap.keep(sizes, scores, keep, cap)
    assert found.sum() == keep
    assert (found <= sizes).all()
    assert (found >= np.floor((1 - cap) * sizes)).all()


def test_sparsity_grows_with_the_target():
    rng = np.random.default_rng(0)
    sizes, scores = rng.integers(1000, 10**6, 30), rng.lognormal(0, 2, 30)
    steps = [ecoflap.keep(sizes, scores, round((1 - p / 100) * sizes.sum()), min(1, p / 100 + 0.1)) for p in range(96)]
    # Largest remainders may move a weight the other way.
    assert (np.diff(np.array(steps), axis=0) <= 1).all()


def test_closed_form_while_nothing_is_full():
    sizes, scores = np.array([1000, 2000, 3000]), np.array([1.0, 2.0, 3.0])
    found = 1 - ecoflap.keep(sizes, scores, 3000, 0.6) / sizes
    expected = 0.6 - 0.1 * (scores / 6) * (6000 / sizes)
    assert found == pytest.approx(expected, abs=1e-3)


def test_four_groups_of_seven_keep_exactly_half():
    """The public code keeps 18 of these 28 (its overshoot branch adds where it should subtract)."""
    found = ecoflap.keep(np.array([7, 7, 7, 7]), np.array([1.0, 1.0, 1.0, 1.0]), 14, 0.6)
    assert found.tolist() == [4, 4, 3, 3]


def test_a_full_group_leaves_and_the_rest_is_shared_again():
    found = ecoflap.keep(np.array([10, 10, 10]), np.array([8.0, 1.0, 1.0]), 18, 1.0)
    assert found.tolist() == [10, 4, 4]


def test_groups_without_score_take_what_no_scored_group_can():
    found = ecoflap.keep(np.array([10, 20, 40]), np.array([5.0, 0.0, 0.0]), 40, 1.0)
    assert found.tolist() == [10, 10, 20]


def test_uniform_is_the_same_share_everywhere():
    assert uniform.keep(np.array([10, 20, 30]), np.zeros(3), 30, 1.0).tolist() == [5, 10, 15]


def test_largest_remainder_breaks_ties_by_order():
    assert largest_remainder(np.array([1.5, 1.5, 1.0]), 4).tolist() == [2, 1, 1]


def test_a_target_above_the_cap_is_refused():
    with pytest.raises(EcoflapError, match=r"target sparsity 0\.7 is above the cap 0\.6"):
        ecoflap.keep(np.array([100, 100]), np.array([1.0, 2.0]), 60, 0.6)
