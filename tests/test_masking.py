"""Ranks and masks: literal small cases, a naive implementation, exact counts, and dense weights back bit for bit."""

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from ecoflap import masking
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


@pytest.mark.parametrize("scope", ["row", "matrix"])
def test_ranks_are_the_same_however_many_rows_are_sorted_together(scope, monkeypatch):
    importance = torch.randint(0, 4, (7, 12), generator=torch.Generator().manual_seed(2)).float()
    whole = ranks(importance, scope)
    for size in (1, 12, 30):
        monkeypatch.setattr(masking, "_CHUNK", size)
        assert torch.equal(ranks(importance, scope), whole)


class Widest(TorchDispatchMode):
    """Notes the size of the largest int64 tensor that any operation makes."""

    size = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(tensor, torch.Tensor) and tensor.dtype == torch.int64:
                self.size = max(self.size, tensor.numel())
        return made


def test_ranking_rows_makes_no_order_of_the_whole_matrix(monkeypatch):
    monkeypatch.setattr(masking, "_CHUNK", 30)
    with Widest() as widest:
        ranks(torch.rand(100, 10), "row")
    assert widest.size == 30


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


def model_of(*shapes, dtype=torch.float32):
    torch.manual_seed(0)
    linears = {f"w{i}": nn.Linear(cols, rows, bias=False, dtype=dtype) for i, (rows, cols) in enumerate(shapes)}
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


def same_bits(one, other):
    kind = {2: torch.int16, 4: torch.int32, 8: torch.int64}[one.element_size()]
    return torch.equal(one.detach().view(kind), other.detach().view(kind))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("scope", ["row", "matrix"])
@pytest.mark.parametrize("size", [1, 200, 10**6])
def test_applying_selects_by_the_keep_mask_bit_for_bit(dtype, scope, size, monkeypatch):
    monkeypatch.setattr(masking, "_CHUNK", size)
    masked, _ = model_of((9, 70), dtype=dtype)
    weight, dense = masked.linears["w0"].weight, masked.dense["w0"]
    by = Ranked(ranks(torch.rand(9, 70, generator=torch.Generator().manual_seed(3)), scope), scope)
    for kept in (629, 630 - 9, 315, 314, 400, 9, 8, 1, 0):
        masked.apply({"w0": kept}, {"w0": by})
        assert same_bits(weight, torch.where(keep_mask(masked.layers["w0"], kept, by), dense, 0.0))
    masked.restore()
    assert same_bits(weight, dense)


def test_a_matrix_of_more_ranks_than_int16_counts():
    masked, _ = model_of((200, 200), dtype=torch.bfloat16)
    by = Ranked(ranks(masked.dense["w0"].abs(), "matrix"), "matrix")
    for kept in (1, 7231, 7232, 7233, 39999):
        masked.apply({"w0": kept}, {"w0": by})
        mask = keep_mask(masked.layers["w0"], kept, by)
        assert same_bits(masked.linears["w0"].weight, torch.where(mask, masked.dense["w0"], 0.0))


@pytest.mark.parametrize("cols", [32767, 32768])
def test_the_widest_rows_of_int16_and_the_first_of_int32(cols):
    masked, ranked = model_of((2, cols))
    for kept in (0, 1, 3, 2 * cols - 1):
        masked.apply({"w0": kept}, ranked)
        mask = keep_mask(masked.layers["w0"], kept, ranked["w0"])
        assert same_bits(masked.linears["w0"].weight, torch.where(mask, masked.dense["w0"], 0.0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_weights_that_are_no_numbers_go_like_others_and_come_back_as_they_were(dtype):
    linear = nn.Linear(4, 1, bias=False, dtype=dtype)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[float("nan"), float("-inf"), -0.0, -float("nan")]]))
    masked = MaskedModel((layer(1, 4),), {"w": linear})
    by = Ranked(torch.tensor([[0, 1, 2, 3]], dtype=torch.int16), "row")
    masked.apply({"w": 2}, {"w": by})
    assert same_bits(linear.weight[:, :2], torch.zeros(1, 2, dtype=dtype))
    assert same_bits(linear.weight[:, 2:], masked.dense["w"][:, 2:])
    masked.apply({"w": 0}, {"w": by})
    assert same_bits(linear.weight, torch.zeros(1, 4, dtype=dtype))
    masked.restore()
    assert same_bits(linear.weight, masked.dense["w"])


def test_other_ranks_at_the_same_count_are_another_state():
    masked, _ = model_of((4, 8))
    for number in range(20):
        # The ranks of the round before are garbage by now, and their address free to be used again.
        by = rank_model(masked.layers, lambda name, sign=(-1) ** number: sign * masked.dense[name].abs(), "row")
        assert masked.apply({"w0": 16}, by) == 1
        mask = keep_mask(masked.layers["w0"], 16, by["w0"])
        assert torch.equal(masked.linears["w0"].weight != 0, mask)
        assert masked.apply({"w0": 16}, by) == 0
        del by


def test_weights_that_want_gradients_are_written_all_the_same():
    masked, ranked = model_of((4, 8))
    weight = masked.linears["w0"].weight
    masked.apply({"w0": 16}, ranked)
    assert weight.requires_grad and weight.is_leaf
    assert int((weight != 0).sum()) == 16


def test_a_write_that_breaks_off_is_not_taken_for_done(monkeypatch):
    masked, ranked = model_of((4, 8))
    whole, calls = masking._select, []

    def broken(*parts):
        calls.append(parts)
        whole(*parts)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(masking, "_select", broken)
    with pytest.raises(KeyboardInterrupt):
        masked.apply({"w0": 14}, ranked)
    assert not torch.equal(masked.linears["w0"].weight, masked.dense["w0"])
    masked.restore()
    assert torch.equal(masked.linears["w0"].weight, masked.dense["w0"])
