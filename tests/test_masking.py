"""Ranks and masks: literal small cases, a naive implementation, exact counts, and dense weights back bit for bit."""

import pytest
import torch
from torch import nn

from ecoflap.masking import MaskedModel, Ranked, keep_mask, rank_model, ranks, scope_of
from ecoflap.types import Layer


def layer(rows, cols, modality="language", name="w"):
    return Layer(name, "b", modality, rows, cols)


def test_ranks_within_rows_are_places_in_the_order_of_importance():
    found = ranks(torch.tensor([[3.0, 1.0, 2.0], [5.0, 9.0, 7.0]]), "row")
    assert found.tolist() == [[2, 0, 1], [0, 2, 1]]
    assert found.dtype == torch.int16


def test_ranks_of_a_matrix_compare_all_weights_and_ties_go_by_position():
    found = ranks(torch.tensor([[3.0, 1.0], [1.0, 0.0]]), "matrix")
    assert found.tolist() == [[3, 1], [2, 0]]


def test_ranks_beyond_int16_are_int32():
    assert ranks(torch.rand(2, 32768), "row").dtype == torch.int32
    assert ranks(torch.rand(2, 32767), "row").dtype == torch.int16
    assert ranks(torch.rand(200, 200), "matrix").dtype == torch.int32


def test_the_paper_compares_matrices_in_vision_and_rows_elsewhere():
    assert [scope_of(layer(1, 1, kind), "paper") for kind in ("vision", "bridge", "language")] == [
        "matrix",
        "row",
        "row",
    ]
    assert scope_of(layer(1, 1, "vision"), "row") == "row"


def test_the_remainder_of_a_row_mask_goes_to_the_first_rows():
    mask = keep_mask(layer(3, 4), 7, Ranked(ranks(torch.arange(12.0).reshape(3, 4), "row"), "row"))
    assert mask.int().tolist() == [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]


@pytest.mark.parametrize("scope", ["row", "matrix"])
@pytest.mark.parametrize("kept", [0, 1, 17, 50, 99, 100])
def test_a_mask_keeps_exactly_the_count_and_the_most_important(scope, kept):
    importance = torch.rand(10, 10, generator=torch.Generator().manual_seed(1))
    mask = keep_mask(layer(10, 10), kept, Ranked(ranks(importance, scope), scope))
    assert int(mask.sum()) == kept
    for chosen, values in [(mask.flatten(), importance.flatten())] if scope == "matrix" else zip(mask, importance):
        if chosen.any() and not chosen.all():
            assert values[chosen].min() > values[~chosen].max()


def naive(weight, removed):
    """Sort every row, zero the first ones: the way that implementations of Wanda prune."""
    pruned = weight.clone()
    for row in pruned:
        row[row.abs().argsort(stable=True)[:removed]] = 0
    return pruned


def model_of(*shapes):
    torch.manual_seed(0)
    linears = {f"w{i}": nn.Linear(cols, rows, bias=False) for i, (rows, cols) in enumerate(shapes)}
    layers = tuple(layer(rows, cols, name=f"w{i}") for i, (rows, cols) in enumerate(shapes))
    masked = MaskedModel(layers, linears)
    return masked, rank_model(masked.layers, lambda name: linears[name].weight.detach().abs(), "row")


def test_any_state_is_reached_from_any_other_and_dense_comes_back_bit_for_bit():
    masked, ranked = model_of((6, 10))
    dense = masked.linears["w0"].weight.detach().clone()
    for removed in (5, 9, 2, 10, 0, 7):
        masked.apply({"w0": 6 * (10 - removed)}, ranked)
        assert torch.equal(masked.linears["w0"].weight, naive(dense, removed))
    masked.restore()
    assert torch.equal(masked.linears["w0"].weight, dense)


def test_only_layers_whose_count_changed_are_written():
    masked, ranked = model_of((4, 4), (4, 4), (4, 4))
    assert masked.apply({"w0": 8, "w1": 8}, ranked) == 2
    assert masked.apply({"w0": 8, "w1": 4}, ranked) == 1
    assert masked.apply({"w0": 8, "w1": 4}, ranked) == 0
    masked.restore()
    assert masked.apply({}, {}) == 0


def test_negative_weights_become_plus_zero():
    masked, ranked = model_of((4, 4))
    masked.apply({"w0": 0}, ranked)
    assert not torch.signbit(masked.linears["w0"].weight).any()
