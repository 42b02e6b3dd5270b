"""Rank correlations and intervals: small cases that can be read off."""

import math

import pytest

from ecoflap.types import Layer
from ecoflap.validation.agreement import block_sums, interval, spearman, spread


def test_spearman_compares_orders_and_nothing_else():
    assert spearman([1, 2, 3, 4], [10, 100, 101, 5000]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    # One neighbouring pair swapped: 1 - 6 * 2 / (4 * 15).
    assert spearman([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)


def test_ties_share_their_mean_rank():
    # Ranks 1.5, 1.5, 3 against 1, 2, 3.
    assert spearman([5, 5, 7], [1, 2, 3]) == pytest.approx(math.sqrt(3) / 2)


def test_the_interval_is_students():
    # Mean 3, standard deviation sqrt(2.5), t with 4 degrees of freedom.
    low, high = interval([1, 2, 3, 4, 5])
    assert (low + high) / 2 == pytest.approx(3)
    assert high - 3 == pytest.approx(2.776 * math.sqrt(2.5 / 5))


def test_spread_is_median_and_both_ends():
    assert spread(range(101)) == {"median": 50, "low": 5, "high": 95}


def test_block_sums_are_over_the_layers_of_each_block():
    layers = [Layer(name, block, "vision", 1, 1) for name, block in (("a", "x"), ("b", "y"), ("c", "x"))]
    assert block_sums(layers, {"a": 1.0, "b": 2.0, "c": 4.0}) == {"x": 5.0, "y": 2.0}
