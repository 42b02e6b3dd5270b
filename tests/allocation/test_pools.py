"""Overrides of layers, blocks and modalities: exact at every level; the rest pays in the allocator's proportions."""

import itertools
import random
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from ecoflap.allocation import ALLOCATORS, TARGETS, Plan, allocate
from ecoflap.allocation.pools import members
from ecoflap.errors import EcoflapError
from ecoflap.types import Recipe, ScoreBundle
from tests.allocation.bundles import with_facts
from tests.allocation.test_budget import naive
from tests.tiny import bundle

EVERY = [allocator.name for allocator in ALLOCATORS]
GRANULARITIES = ["layer", "block", "model"]
# Two blocks in vision and in language, three matrices in each, sizes and scores of no pattern.
NAMES = [f"{side}.{block}.{name}" for side in "vl" for block in range(2) for name in ("q", "k", "up")]
TOY = with_facts(
    bundle(
        *(
            (
                name,
                name[:3],
                "vision" if name[0] == "v" else "language",
                7 + 5 * i % 17,
                11 + 3 * i % 13,
                1.0 + 7 * i % 5,
            )
            for i, name in enumerate(NAMES)
        ),
        ("bridge", "bridge", "bridge", 4, 4, 9.0),
    )
)
SIZES = {layer.name: layer.size for layer in TOY.layers}
SIDES = {"vision": "v", "language": "l"}


def inside(name: str) -> list[str]:
    """The layers that a name of TOY means."""
    return [layer for layer in NAMES if layer.startswith(SIDES.get(name, name))]


def kept_of(allocation) -> dict[str, int]:
    return {layer.name: kept for layer, kept in zip(allocation.layers, allocation.kept)}


def asked(name: str, sparsity: float) -> int:
    """Weights that an override leaves in what it names."""
    size = sum(SIZES[layer] for layer in inside(name))
    return size - round(sparsity * size)


def naive_groups(recipe: Recipe) -> dict[tuple, int]:
    """Weights kept by (pools around it, group), by the rule as people say it; nothing shared with the code."""
    around = {name: tuple(o for o in sorted(recipe.overrides, key=len_of) if name in inside(o)) for name in NAMES}
    pools = {around[name][:depth] for name in NAMES for depth in range(len(around[name]) + 1)}
    total = sum(SIZES[name] for name in NAMES)
    kept = {
        pool: asked(pool[-1], recipe.overrides[pool[-1]]) if pool else round((1 - recipe.target) * total)
        for pool in pools
    }
    found = {}
    for pool in pools:
        rest = kept[pool] - sum(count for other, count in kept.items() if other[:-1] == pool and other)
        groups = defaultdict(list)
        for layer in TOY.layers:
            if layer.modality != "bridge" and around[layer.name] == pool:
                groups[{"layer": layer.name, "block": layer.block, "model": layer.modality}[recipe.granularity]].append(
                    layer
                )
        if groups:
            sizes = [sum(layer.size for layer in group) for group in groups.values()]
            scores = [sum(layer.score for layer in group) for group in groups.values()]
            cap = max(Fraction(str(recipe.cap)), 1 - Fraction(rest, sum(sizes)))
            found |= {(pool, name): count for name, count in zip(groups, naive(sizes, scores, rest, cap))}
    return found


def len_of(name: str) -> int:
    """Sorts modalities before blocks before layers."""
    return 0 if name in SIDES else len(name)


def some_overrides(rng: random.Random) -> dict[str, float]:
    choices = [*SIDES, "v.0", "v.1", "l.0", "l.1", *NAMES]
    return {name: round(rng.uniform(0.3, 0.7), 3) for name in rng.sample(choices, rng.randint(1, 5))}


def cases(count: int, **settings):
    """Recipes with random overrides that have a solution."""
    found = []
    for seed in itertools.count():
        if len(found) == count:
            return found
        rng = random.Random(seed)
        recipe = Recipe(0.5, 0.9, overrides=some_overrides(rng), **settings)
        try:
            found.append((recipe, allocate(TOY, recipe)))
        except EcoflapError as error:
            assert error.code in ("overrides_break_budget", "overrides_contradict")


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_equals_the_naive_rule_in_fractions(granularity):
    for recipe, allocation in cases(60, granularity=granularity):
        kept, wanted = kept_of(allocation), naive_groups(recipe)
        found = defaultdict(int)
        for layer in TOY.layers[:-1]:
            around = tuple(name for name in sorted(recipe.overrides, key=len_of) if layer.name in inside(name))
            group = {"layer": layer.name, "block": layer.block, "model": layer.modality}[granularity]
            found[around, group] += kept[layer.name]
        assert found == wanted, recipe.overrides


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("allocator", EVERY)
@pytest.mark.parametrize("aggregate", ["sum", "avg"])
def test_every_total_is_exact_whatever_is_fixed_inside(granularity, allocator, aggregate):
    for recipe, allocation in cases(15, granularity=granularity, allocator=allocator, aggregate=aggregate):
        kept = kept_of(allocation)
        assert allocation.total_kept == round(0.5 * allocation.total)
        for name, sparsity in recipe.overrides.items():
            assert sum(kept[layer] for layer in inside(name)) == asked(name, sparsity), (name, recipe.overrides)
        assert all(0 <= kept[layer.name] <= layer.size for layer in TOY.layers)
        assert kept["bridge"] == 16
        assert allocate(TOY, recipe).kept == allocation.kept


def test_what_is_not_fixed_stays_in_the_allocators_proportions():
    free = kept_of(allocate(TOY, Recipe(0.5, 0.6, granularity="layer")))
    found = kept_of(allocate(TOY, Recipe(0.5, 0.6, granularity="layer", overrides={"v.0": 0.45, "l.1.q": 0.55})))
    others = [name for name in NAMES if name not in inside("v.0") and name != "l.1.q"]
    above = [(free[name] - 0.4 * SIZES[name], found[name] - 0.4 * SIZES[name]) for name in others]
    pays = sum(after for _, after in above) / sum(before for before, _ in above)
    assert pays > 0 and abs(pays - 1) > 0.05
    assert all(after == pytest.approx(pays * before, abs=2) for before, after in above)


# Their sparsities lie around a mean by how a group compares with the least and the largest of its pool.
COMPARING = ("owl", "dlp", "alphapruning")


@pytest.mark.parametrize("allocator", [name for name in EVERY if name not in COMPARING])
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_fixing_what_is_there_already_changes_next_to_nothing(allocator, granularity):
    recipe = Recipe(0.5, 0.7, allocator=allocator, granularity=granularity)
    free = allocate(TOY, recipe)
    mean = 1 - sum(kept_of(free)[name] for name in inside("vision")) / sum(SIZES[name] for name in inside("vision"))
    held = allocate(TOY, replace(recipe, overrides={"vision": mean}))
    assert max(abs(a - b) for a, b in zip(free.kept, held.kept)) <= 1


def test_a_hand_may_go_beyond_the_cap_and_nothing_else_does():
    recipe = Recipe(0.5, 0.6, granularity="layer", overrides={"v.0": 0.95, "l.1.q": 1.0})
    found = dict(zip([layer.name for layer in TOY.layers], allocate(TOY, recipe).sparsity))
    assert found["l.1.q"] == 1.0
    assert all(found[name] == pytest.approx(0.95, abs=0.02) for name in inside("v.0"))
    others = [name for name in NAMES if name not in (*inside("v.0"), "l.1.q")]
    assert all(found[name] <= 0.6 + 1 / SIZES[name] for name in others)


def test_a_layer_in_a_block_in_a_modality():
    overrides = {"language": 0.4, "l.0": 0.5, "l.0.q": 0.0}
    kept = kept_of(allocate(TOY, Recipe(0.5, 0.9, overrides=overrides)))
    assert kept["l.0.q"] == SIZES["l.0.q"]
    assert sum(kept[name] for name in inside("l.0")) == asked("l.0", 0.5)
    assert sum(kept[name] for name in inside("language")) == asked("language", 0.4)


def test_a_name_of_several_levels_is_the_narrowest():
    pair = bundle(("a", "a", "vision", 4, 5, 1.0), ("a.b", "a", "vision", 4, 5, 1.0), ("c", "c", "vision", 4, 5, 1.0))
    assert [layer.name for layer in members(pair.layers, "a")] == ["a"]
    assert allocate(pair, Recipe(0.5, 0.9, overrides={"a": 0.0})).kept[0] == 20


def test_a_block_across_two_modalities_is_fixed_in_each():
    rows = [
        ("x.v", "x", "vision", 10, 10, 1.0),
        ("x.l", "x", "language", 10, 10, 1.0),
        ("v", "v", "vision", 10, 10, 2.0),
    ]
    crossed = bundle(*rows, ("l", "l", "language", 10, 10, 3.0))
    kept = allocate(crossed, Recipe(0.5, 1.0, overrides={"x": 0.2, "vision": 0.5})).kept
    assert kept == (80, 80, 20, 20)


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_the_table_repeats_the_allocation_and_marks_what_cannot_be(granularity):
    recipe = Recipe(granularity=granularity, overrides={"vision": 0.4, "l.0.q": 0.9})
    table = Plan(TOY, recipe).table()
    assert not np.isnan(table[50]).any() and np.isnan(table[0]).all() and np.isnan(table[95]).all()
    for row, target in zip(table, TARGETS):
        try:
            assert row.tolist() == pytest.approx(
                list(allocate(TOY, replace(recipe, target=target)).sparsity), abs=1e-12
            )
        except EcoflapError as error:
            assert error.code == "overrides_break_budget" and np.isnan(row).all()


def test_what_leaves_no_solution_is_said_with_values_and_remedy():
    with pytest.raises(EcoflapError, match="leave no solution at target 95.0%: .* Free what is fixed"):
        allocate(TOY, Recipe(0.95, overrides={"vision": 0.0}))
    with pytest.raises(EcoflapError, match="'v.0' is fixed at sparsity 0.0% .* Free one of them"):
        Plan(TOY, Recipe(overrides={"v.0": 0.0, "v.0.q": 0.5}))
    with pytest.raises(EcoflapError, match="no solution"):
        allocate(TOY, Recipe(0.5, overrides={"vision": 0.4, "language": 0.4}))


@pytest.mark.parametrize("name", ["v.7", "bridge", ""])
def test_what_is_unknown_or_not_pruned_is_refused(name):
    with pytest.raises(EcoflapError, match=f"called '{name}': it is no layer, block or modality of vision, language"):
        Plan(TOY, Recipe(overrides={name: 0.5}))


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("allocator", ["ecoflap", "uniform"])
def test_blip2_at_full_size(reference, granularity, allocator):
    scores = ScoreBundle.read(reference / "blip2-flant5xl-local-wanda.json")
    prunable = [layer for layer in scores.layers if layer.modality != "bridge"]
    block, layer = prunable[40].block, prunable[40].name
    overrides = {"vision": 0.45, block: 0.7, layer: 0.1, prunable[-1].block: 0.97}
    found = allocate(scores, Recipe(0.5, granularity=granularity, allocator=allocator, overrides=overrides))
    assert found.total_kept == round(0.5 * found.total)
    kept = kept_of(found)
    for name, sparsity in overrides.items():
        chosen = members(prunable, name)
        size = sum(layer.size for layer in chosen)
        assert sum(kept[layer.name] for layer in chosen) == size - round(sparsity * size)


def test_every_layer_by_hand_is_what_a_table_says():
    whole = allocate(TOY, Recipe(0.5, granularity="layer"))
    overrides = {layer.name: sparsity for layer, sparsity in zip(TOY.layers[:-1], whole.sparsity)}
    recipe = Recipe(whole.achieved, 1.0, allocator="uniform", granularity="layer", overrides=overrides)
    assert allocate(TOY, recipe).kept == whole.kept
