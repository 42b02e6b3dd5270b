"""What sparing a part would cost: the weights that come back, who pays, and what the curves say."""

import pytest

from ecoflap.allocation import allocate
from ecoflap.allocation.sparing import sparing
from ecoflap.errors import EcoflapError
from ecoflap.types import Layer, Recipe, ScoreBundle
from tests.tiny import bundle

# Curves rise from 0 through (0.5, score / 10) to (1, score).
TOY = bundle(
    ("v.0.q", "v.0", "vision", 10, 10, 1.0),
    ("v.0.k", "v.0", "vision", 10, 10, 1.0),
    ("v.1.q", "v.1", "vision", 10, 10, 1.0),
    ("l.0.q", "l.0", "language", 10, 10, 1.0),
)
EVEN = {"allocator": "uniform", "max_sparsity": 0.9}


def test_the_rest_pays_for_what_comes_back():
    found = sparing(TOY, Recipe(0.3, **EVEN), "v.0")
    assert (found.name, found.size, found.weights) == ("v.0", 200, 60)
    assert (found.rest_now, found.rest_after) == pytest.approx((0.3, 0.6))
    assert found.loss_now == pytest.approx(4 * 0.06)
    assert found.loss_after == pytest.approx(2 * (0.1 + 0.1 / 0.5 * 0.9))


@pytest.mark.parametrize("name", ["v.0.q", "v.0", "vision"])
def test_a_layer_a_block_and_a_modality(name):
    recipe = Recipe(0.2, **EVEN)
    found = sparing(TOY, recipe, name)
    now = allocate(TOY, recipe)
    assert found.weights == found.size - found.size * 80 // 100
    assert found.rest_after * (400 - found.size) == pytest.approx(400 - now.total_kept)


def test_what_is_fixed_inside_is_freed_and_what_is_around_it_pays():
    assert sparing(TOY, Recipe(0.3, overrides={"v.0.q": 0.5}, **EVEN), "v.0").weights == 50 + 23
    found = sparing(TOY, Recipe(0.3, overrides={"v.0": 0.3}, **EVEN), "v.0.q")
    assert (found.weights, found.rest_now, found.rest_after) == pytest.approx((30, 0.3, 0.4))


def test_already_spared_costs_nothing():
    recipe = Recipe(0.3, overrides={"v.0": 0.0}, **EVEN)
    found = sparing(TOY, recipe, "v.0")
    assert found.weights == 0 and found.rest_now == found.rest_after and found.loss_now == found.loss_after


def test_without_curves_no_loss_is_claimed():
    plain = ScoreBundle("toy", "toy", tuple(Layer(str(i), str(i), "vision", 10, 10, 1.0) for i in range(3)))
    found = sparing(plain, Recipe(0.3, **EVEN), "1")
    assert found.loss_now is None and found.loss_after is None


def test_what_cannot_be_spared_is_one_sentence():
    with pytest.raises(EcoflapError, match="no solution"):
        sparing(TOY, Recipe(0.8, **EVEN), "v.0")
    with pytest.raises(EcoflapError, match="called 'x'"):
        sparing(TOY, Recipe(0.3, **EVEN), "x")
    with pytest.raises(EcoflapError, match="pattern 2:4"):
        sparing(TOY, Recipe(pattern="2:4"), "v.0")
    only = bundle(("a", "a", "vision", 10, 10, 1.0))
    assert sparing(only, Recipe(0.0, **EVEN), "a").rest_now is None
