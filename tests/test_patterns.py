"""N:M patterns: groups ranked by brute force, tails kept, dense weights back bit for bit, and what a recipe may say."""

import itertools

import pytest
import torch
from torch import nn

from ecoflap import masking
from ecoflap.allocation import Plan, allocate
from ecoflap.errors import EcoflapError
from ecoflap.masking import MaskedModel, Ranked, keep_mask, rank_model, ranks
from ecoflap.types import Layer, Recipe, ScoreBundle, pattern
from ecoflap.types.recipe import CHOICES
from tests.tiny import bundle

NM = {"2:4": (2, 4), "4:8": (4, 8)}


def layer(rows, cols, name="w"):
    return Layer(name, "b", "language", rows, cols)


def drawn(rows, cols, values=6):
    """Importance with many ties."""
    return torch.randint(0, values, (rows, cols), generator=torch.Generator().manual_seed(7)).float()


def best(group, keep):
    """The places that keep most importance, of all choices; of equal ones the latest, since ties go by position."""
    choices = itertools.combinations(range(len(group)), keep)
    return max(choices, key=lambda chosen: (sum(group[i] for i in chosen), chosen))


@pytest.mark.parametrize("name", NM)
@pytest.mark.parametrize("cols", [8, 16, 21, 6, 3])
def test_a_mask_is_the_best_of_all_choices_in_every_group(name, cols):
    keep, among = NM[name]
    importance = drawn(5, cols)
    by = Ranked(ranks(importance, name), name)
    mask = keep_mask(layer(5, cols), pattern.kept(name, 5, cols), by)
    for row, kept in zip(importance.tolist(), mask.tolist()):
        for start in range(0, cols // among * among, among):
            chosen = tuple(i for i in range(among) if kept[start + i])
            assert chosen == best(row[start : start + among], keep)
        assert all(kept[cols // among * among :])


def test_ranks_in_groups_are_places_and_a_tail_comes_after_all():
    found = ranks(torch.tensor([[3.0, 1.0, 2.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 9.0]]), "2:4")
    assert found.tolist() == [[3, 0, 2, 1, 4], [0, 1, 2, 3, 4]]
    assert found.dtype == torch.int8


@pytest.mark.parametrize("name", NM)
def test_ranks_are_the_same_however_many_rows_are_sorted_together(name, monkeypatch):
    importance = drawn(7, 21)
    whole = ranks(importance, name)
    for size in (1, 21, 50):
        monkeypatch.setattr(masking, "_CHUNK", size)
        assert torch.equal(ranks(importance, name), whole)


@pytest.mark.parametrize(("name", "cols", "kept"), [("2:4", 8, 4), ("2:4", 7, 5), ("4:8", 8, 4), ("4:8", 23, 15)])
def test_a_row_keeps_half_of_its_groups_and_its_tail(name, cols, kept):
    assert pattern.kept(name, 3, cols) == 3 * kept


def model_of(rows, cols, dtype=torch.float32):
    torch.manual_seed(0)
    linears = {"w": nn.Linear(cols, rows, bias=False, dtype=dtype)}
    masked = MaskedModel((layer(rows, cols),), linears)
    ranked = {
        name: rank_model(masked.layers, lambda name: masked.dense[name].float().abs(), name)
        for name in ("row", "matrix", *NM)
    }
    return masked, ranked


def same_bits(one, other):
    kind = {2: torch.int16, 4: torch.int32}[one.element_size()]
    return torch.equal(one.detach().view(kind), other.detach().view(kind))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_patterns_and_unstructured_follow_each_other_bit_for_bit(dtype):
    masked, ranked = model_of(9, 70, dtype)
    weight, dense, whole = masked.linears["w"].weight, masked.dense["w"], masked.layers["w"]
    states = [("row", 300), ("2:4", pattern.kept("2:4", 9, 70)), ("4:8", pattern.kept("4:8", 9, 70)), ("matrix", 99)]
    for name, kept in [*states, *states[::-1], states[1], states[0]]:
        by = ranked[name]["w"]
        masked.apply({"w": kept}, ranked[name])
        assert same_bits(weight, torch.where(keep_mask(whole, kept, by), dense, 0.0))
        assert int((weight != 0).sum()) == kept
    masked.restore()
    assert same_bits(weight, dense)


def test_every_group_of_the_weights_has_its_zeros():
    masked, ranked = model_of(6, 24)
    for name, (keep, among) in NM.items():
        masked.apply({"w": pattern.kept(name, 6, 24)}, ranked[name])
        groups = masked.linears["w"].weight.reshape(-1, among)
        assert ((groups != 0).sum(1) == keep).all()


def test_a_count_that_is_not_the_patterns_is_refused_and_leaves_no_half_written_weights():
    masked, ranked = model_of(4, 8)
    with pytest.raises(EcoflapError, match=r"keep 17 weights, but the pattern 2:4 keeps 16"):
        masked.apply({"w": 17}, ranked["2:4"])
    masked.apply({"w": 16}, ranked["2:4"])
    assert int((masked.linears["w"].weight != 0).sum()) == 16


TOY = bundle(("v.a", "v", "vision", 4, 8, 1.0), ("b.a", "b", "bridge", 4, 8, 3.0), ("l.q", "l", "language", 5, 10, 6.0))


def test_a_pattern_fixes_every_prunable_layer_and_the_achieved_sparsity_counts_tails():
    allocation = allocate(TOY, Recipe(pattern="2:4"))
    assert allocation.kept == (16, 32, 5 * (4 + 2))
    assert allocation.achieved == pytest.approx(1 - (16 + 30) / (32 + 50))
    assert allocate(TOY, Recipe(pattern="4:8")).kept == (16, 32, 5 * (4 + 2))


@pytest.mark.parametrize("allocator", ["ecoflap", "response", "uniform"])
def test_no_allocator_is_asked_under_a_pattern(allocator):
    plain = ScoreBundle("toy", "toy", tuple(Layer(x.name, x.block, x.modality, x.rows, x.cols) for x in TOY.layers))
    expected = allocate(TOY, Recipe(pattern="2:4")).kept
    for scope, granularity in itertools.product(("row", "matrix"), ("layer", "model")):
        recipe = Recipe(allocator=allocator, scope=scope, granularity=granularity, pattern="2:4")
        assert allocate(plain, recipe).kept == expected


def test_the_table_of_a_pattern_is_flat():
    table = Plan(TOY, Recipe(pattern="2:4")).table()
    assert (table == table[0]).all()
    assert table[0].tolist() == pytest.approx([0.5, 0.0, 0.4])


@pytest.mark.parametrize(
    ("fields", "what"),
    [({"target": 0.6}, "target 0.6"), ({"target": 0.0}, "target 0.0"), ({"overrides": {"v": 0.2}}, "o")],
)
def test_a_recipe_with_a_pattern_has_no_other_target(fields, what):
    with pytest.raises(EcoflapError, match=rf"The pattern 4:8 removes half .*: {what}"):
        Recipe(pattern="4:8", **fields)


def test_a_cap_below_half_forbids_a_pattern():
    with pytest.raises(EcoflapError, match="above the cap"):
        Recipe(pattern="2:4", max_sparsity=0.4)


def test_what_is_compared():
    assert [Recipe(scope="row", pattern=name).compared for name in pattern.PATTERNS] == ["row", "2:4", "4:8"]


@pytest.mark.parametrize("name", NM)
@pytest.mark.parametrize("pruner", CHOICES["pruner"])
@pytest.mark.parametrize("calibration", ["dense", "sequential"])
def test_a_model_is_pruned_to_a_pattern_whatever_the_criterion(engine, name, pruner, calibration):
    recipe = Recipe(pattern=name, pruner=pruner, calibration=calibration, modalities=("vision", "bridge", "language"))
    dense = {key: linear.weight.detach().clone() for key, linear in engine.model.linears.items()}
    allocation = allocate(ScoreBundle("x", "shapes", engine.model.layers), recipe)
    keep, among = NM[name]
    with engine.state(allocation, recipe) as model:
        for found, count in zip(allocation.layers, allocation.kept):
            weight = model.linears[found.name].weight
            assert int((weight != 0).sum()) == count
            groups = weight[:, : found.cols // among * among].reshape(-1, among)
            assert ((groups != 0).sum(1) == keep).all()
    engine.prune(None)
    assert all(torch.equal(linear.weight, dense[key]) for key, linear in engine.model.linears.items())


def test_sequential_norms_of_a_pattern_are_kept_apart_from_unstructured_ones(engine):
    bundle_ = ScoreBundle("x", "shapes", engine.model.layers)
    recipes = [Recipe(pattern=name, calibration="sequential", allocator="uniform") for name in ("2:4", "4:8")]
    first, second = (engine.ranked_for(allocate(bundle_, recipe), recipe) for recipe in recipes)
    assert first.keys() == second.keys()
    assert {by.scope for by in first.values()} == {"2:4"}
    assert {by.scope for by in second.values()} == {"4:8"}
