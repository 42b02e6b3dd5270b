"""The numbers that explain a group's share give what the allocator gives."""

import math

import pytest

from ecoflap.allocation import allocate
from ecoflap.allocation.shares import share_of
from ecoflap.errors import EcoflapError
from ecoflap.types import Recipe
from tests.ui.fakes import small_bundle

BUNDLE = small_bundle()
VISION = "vision_model.encoder.layers.0"
RECIPES = {
    "as it opens": Recipe(target=0.5),
    "by matrix": Recipe(target=0.4, granularity="layer", max_sparsity=0.7),
    "per weight": Recipe(target=0.5, aggregate="avg"),
    "some are whole": Recipe(target=0.1, max_sparsity=0.9),
    "with locks": Recipe(target=0.5, overrides={"language": 0.45, f"{VISION}.mlp.fc1": 0.2}),
}


def groups_of(recipe):
    """The prunable layers with the names of their groups."""
    found = allocate(BUNDLE, recipe)
    for layer, group, prunable in zip(found.layers, found.group_of, found.prunable):
        if prunable:
            yield layer, group


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_formula_gives_what_the_allocator_gives(recipe):
    for layer, group in groups_of(recipe):
        share = share_of(BUNDLE, recipe, layer.name)
        assert share.group == group
        if share.kept == share.size or share.held:
            continue
        assert share.floor + share.rest * share.score / share.all_scores == pytest.approx(share.kept, abs=1)
        if not share.whole and not recipe.overrides:
            spread = (share.cap - recipe.target) * (share.score / share.all_scores) * (share.total / share.size)
            assert share.cap - spread == pytest.approx(1 - share.kept / share.size, abs=2 / share.size + 1e-9)


def test_its_numbers_are_the_allocations(recipe=RECIPES["as it opens"]):
    found = allocate(BUNDLE, recipe)
    share = share_of(BUNDLE, recipe, f"{VISION}.mlp.fc1")
    mine = [i for i, group in enumerate(found.group_of) if group == VISION]
    assert share.size == sum(found.layers[i].size for i in mine)
    assert share.kept == sum(found.kept[i] for i in mine)
    assert share.score == pytest.approx(sum(found.layers[i].score for i in mine))
    assert (share.total, share.keep, share.cap) == (found.total, found.total_kept, 0.6)
    assert share.floor == math.ceil(0.4 * share.size - 1e-5)


def test_a_lock_decides_alone():
    share = share_of(BUNDLE, RECIPES["with locks"], f"{VISION}.mlp.fc1")
    assert share.held and share.kept == share.size - round(0.2 * share.size)


def test_where_nothing_is_shared():
    assert share_of(BUNDLE, Recipe(target=0.5, pattern="2:4"), f"{VISION}.mlp.fc1") is None
    assert share_of(BUNDLE, Recipe(target=0.5), "language_projection") is None
    with pytest.raises(EcoflapError, match="nowhere"):
        share_of(BUNDLE, Recipe(target=0.5), "nowhere")
