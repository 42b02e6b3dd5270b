"""One layer looked at closely, against naive loops over tiny layers, and against the masks that are really applied."""

import math

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ecoflap import inspecting
from ecoflap.allocation import allocate
from ecoflap.errors import EcoflapError
from ecoflap.inspecting import BINS, CELLS, POINTS, Selected, Zeros, along, compare, densities, inspect, select
from ecoflap.masking import MaskedModel, Ranked, keep_mask, ranks
from ecoflap.pruning import magnitude, wanda
from ecoflap.types import Layer, Recipe, pattern
from tests.tiny import scored

SCOPES = ["row", "matrix", "2:4", "4:8"]
CRITERIA = {"wanda": wanda.importance, "magnitude": magnitude.importance}


def selected(rows=9, cols=24, share=0.4, scope="row", dtype=torch.float32, pruner="wanda", seed=0):
    """A random layer that keeps `share` of its weights, or what the pattern keeps."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(rows, cols, generator=generator).to(dtype)
    norm = torch.rand(cols, generator=generator) + 0.01
    layer = Layer("w", "b", "language", rows, cols)
    grouped = scope in pattern.GROUPED
    kept = pattern.kept(scope, rows, cols) if grouped else round(share * rows * cols)
    worth = CRITERIA[pruner](weight, norm)
    ranked = None if kept == layer.size else Ranked(ranks(worth, scope), scope)
    return Selected(layer, kept, weight, lambda rows: CRITERIA[pruner](weight[rows], norm), ranked)


def mask_of(chosen):
    return torch.cat([chosen.keep(part) for part in chosen.parts()])


def naive_counts(values, keep, histogram):
    """One value after the other, into the step that it lies in."""
    found = {True: [0] * BINS, False: [0] * BINS}
    low, high = np.float32(histogram.low), np.float32(histogram.high)
    for value, stays in zip(values.flatten().tolist(), keep.flatten().tolist()):
        place = math.floor((value - low) / (high - low) * BINS)
        found[stays][min(max(place, 0), BINS - 1)] += 1
    return found[True], found[False]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("pruner", CRITERIA)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("chunk", [1, 70, 10**6])
def test_every_weight_is_counted_once_where_it_lies(scope, pruner, dtype, chunk, monkeypatch):
    monkeypatch.setattr(inspecting, "_CHUNK", chunk)
    chosen = selected(scope=scope, dtype=dtype, pruner=pruner)
    found, keep = inspect(chosen), mask_of(chosen)
    for histogram in (found.weights, found.criterion):
        assert sum(histogram.kept) == chosen.kept == int(keep.sum())
        assert sum(histogram.removed) == chosen.layer.size - chosen.kept
        assert histogram.low < histogram.high
    # A value on the edge of two steps may be rounded into either: no more than a few are moved.
    worth = chosen.criterion(slice(None)).log10()
    for histogram, values in ((found.weights, chosen.weight.float()), (found.criterion, worth)):
        for one, other in zip((histogram.kept, histogram.removed), naive_counts(values, keep, histogram)):
            assert np.abs(np.array(one) - other).sum() <= 4
    assert found.weights.low == -found.weights.high


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_mask_is_what_the_model_is_given(scope, dtype):
    chosen = selected(scope=scope, dtype=dtype)
    linear = torch.nn.Linear(chosen.layer.cols, chosen.layer.rows, bias=False, dtype=dtype)
    with torch.no_grad():
        linear.weight.copy_(chosen.weight)
    MaskedModel((chosen.layer,), {"w": linear}).apply({"w": chosen.kept}, {"w": chosen.ranked})
    assert torch.equal(mask_of(chosen), linear.weight != 0)
    assert torch.equal(mask_of(chosen), keep_mask(chosen.layer, chosen.kept, chosen.ranked))


@pytest.mark.parametrize("kept", [1, 3, 17, 100, 215])
@pytest.mark.parametrize("pruner", CRITERIA)
def test_one_threshold_separates_a_matrix_that_is_compared_as_a_whole(kept, pruner):
    chosen = selected(share=kept / 216, scope="matrix", pruner=pruner)
    threshold, worth, keep = inspect(chosen).threshold, chosen.criterion(slice(None)).log10(), mask_of(chosen)
    assert threshold.least == threshold.middle == threshold.most
    assert worth[~keep].max() == pytest.approx(threshold.most) and worth[keep].min() > threshold.most


def test_rows_that_are_compared_have_a_threshold_each():
    chosen = selected(share=0.37)
    threshold, worth, keep = inspect(chosen).threshold, chosen.criterion(slice(None)).log10(), mask_of(chosen)
    tops = []
    for values, stays in zip(worth, keep):
        tops.append(float(values[~stays].max()))
        assert values[stays].min() > tops[-1]
    assert (threshold.least, threshold.most) == pytest.approx((min(tops), max(tops)))
    assert threshold.middle == pytest.approx(float(np.median(tops)))


@pytest.mark.parametrize("scope", ["2:4", "4:8"])
def test_groups_of_a_pattern_have_no_common_threshold(scope):
    found = inspect(selected(scope=scope))
    assert found.threshold is None and found.scope == scope


def test_a_layer_that_keeps_all_has_no_threshold_and_no_zeros():
    found = inspect(selected(share=1))
    assert found.threshold is None and found.scope == ""
    assert not any(found.weights.removed) and not any(found.criterion.removed)
    assert (found.cells == 255).all() and not found.rows.any() and (found.silent, found.unread) == (0, 0)


def test_a_layer_that_keeps_nothing_is_silent():
    found = inspect(selected(share=0))
    assert not any(found.weights.kept) and (found.rows == 1).all() and not found.cells.any()
    assert (found.silent, found.unread) == (9, 24)


def test_outputs_without_weights_and_inputs_that_nobody_reads():
    weight = torch.tensor([[5.0, 0.1, 6.0], [0.1, 0.2, 0.3], [7.0, 0.1, 0.2]])
    by = Ranked(ranks(weight, "matrix"), "matrix")
    found = inspect(Selected(Layer("w", "b", "vision", 3, 3), 3, weight, lambda rows: weight[rows].abs(), by))
    assert (found.silent, found.unread) == (1, 1)
    assert found.rows.tolist() == [pytest.approx([1 / 3, 1, 2 / 3])] * 3
    assert found.cells.tolist() == [[255, 0, 255], [0, 0, 0], [255, 0, 0]]
    assert found.threshold.most == pytest.approx(math.log10(0.3))


@pytest.mark.parametrize(("rows", "cols"), [(9, 24), (64, 64), (70, 65), (200, 131), (1, 300), (129, 1)])
def test_the_picture_is_the_mask_averaged_with_outputs_down_and_inputs_across(rows, cols):
    chosen = selected(rows, cols, scope="matrix")
    found, keep = inspect(chosen), mask_of(chosen).numpy()
    height, width = min(rows, CELLS), min(cols, CELLS)
    assert found.cells.shape == (height, width) and found.cells.dtype == np.uint8
    # Runs of rows, each an average of rows whose runs of columns were averaged before.
    for r in range(height):
        for c in range(width):
            part = keep[r * rows // height : (r + 1) * rows // height, c * cols // width : (c + 1) * cols // width]
            assert found.cells[r, c] == pytest.approx(255 * part.mean(), abs=0.51)
    assert found.rows.shape == (3, min(rows, POINTS))
    assert found.rows[1].mean() == pytest.approx(1 - keep.mean(), abs=0.05)


def test_runs_keep_the_least_and_the_largest():
    least, mean, largest = along(np.array([1.0, 3.0, 2.0, 8.0, 4.0]), 2)
    assert (least.tolist(), mean.tolist(), largest.tolist()) == ([1, 2], [2, 14 / 3], [3, 8])


def test_densities_of_runs_of_columns():
    keep = torch.zeros(1, 128, dtype=torch.bool)
    keep[0, :3] = True
    assert densities(keep)[0, :3].tolist() == [1, 0.5, 0]


def test_zeros_of_two_recipes():
    now, before = selected(share=0.4), selected(share=0.7, scope="matrix")
    zeros, (one, other) = compare(now, before), (~mask_of(now), ~mask_of(before))
    naive = {(a, b): 0 for a in (True, False) for b in (True, False)}
    for a, b in zip(other.flatten().tolist(), one.flatten().tolist()):
        naive[a, b] += 1
    assert zeros == Zeros(naive[True, True], naive[True, False], naive[False, True], naive[False, False])
    assert zeros.overlap == pytest.approx(int((one & other).sum()) / int((one | other).sum()))
    assert compare(now, now) == Zeros(216 - now.kept, 0, 0, now.kept) and compare(now, now).overlap == 1
    assert compare(selected(share=1), selected(share=1)).overlap is None


@pytest.mark.parametrize("value", [0.0, 2.5, float("nan"), float("inf"), float("-inf")])
def test_a_layer_of_one_value_is_counted_all_the_same(value):
    weight = torch.full((3, 4), value)
    chosen = Selected(
        Layer("w", "b", "vision", 3, 4), 6, weight, lambda rows: weight[rows].abs(), Ranked(ranks(weight, "row"), "row")
    )
    found = inspect(chosen)
    for histogram in (found.weights, found.criterion):
        assert (sum(histogram.kept), sum(histogram.removed)) == (6, 6)
        assert math.isfinite(histogram.low) and math.isfinite(histogram.high) and histogram.low < histogram.high
    assert math.isfinite(found.threshold.most)


def test_outliers_do_not_squeeze_the_histogram():
    chosen = selected(100, 100)
    chosen.weight[0, 0] = 1000.0
    assert inspect(chosen).weights.high < 50


class Largest(TorchDispatchMode):
    """Notes the most elements that any operation makes."""

    size = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, (tuple, list)) else [made]:
            views = ("view", "reshape", "slice", "alias", "detach")
            if isinstance(tensor, torch.Tensor) and not func.__name__.startswith(views):
                self.size = max(self.size, tensor.numel())
        return made


def test_a_large_layer_is_treated_a_few_rows_at_a_time(monkeypatch):
    chosen = selected(500, 200, scope="matrix")
    monkeypatch.setattr(inspecting, "_CHUNK", 4000)
    monkeypatch.setattr(inspecting, "_SAMPLE", 4000)
    with Largest() as largest:
        inspect(chosen)
        compare(chosen, chosen)
    assert largest.size == 500 * CELLS  # the rows' cells, before they are averaged


@pytest.mark.parametrize("recipe", [Recipe(0.6, scope="matrix", pruner="magnitude"), Recipe(), Recipe(pattern="2:4")])
def test_layers_of_a_loaded_model_are_seen_as_they_are_pruned(engine, recipe):
    allocation = allocate(scored(engine), recipe)
    looked = {layer.name: select(engine, layer.name, allocation, recipe) for layer in allocation.layers}
    assert not engine._ranked  # no look ranks the whole model
    with engine.state(allocation, recipe) as model:
        for name, chosen in looked.items():
            assert torch.equal(mask_of(chosen), model.linears[name].weight != 0)
    again = select(engine, allocation.layers[0].name, allocation, recipe)
    assert again.ranked is engine.ranked(recipe)[again.layer.name]
    whole = [layer.name for layer, counts in zip(allocation.layers, allocation.prunable) if not counts]
    assert whole and all(inspect(looked[name]).scope == "" for name in whole)


def test_what_cannot_be_looked_at_is_said(engine):
    recipe = Recipe()
    allocation = allocate(scored(engine), recipe)
    with pytest.raises(EcoflapError, match="layer is 'nowhere'"):
        select(engine, "nowhere", allocation, recipe)
    with pytest.raises(EcoflapError, match="calibration is 'sequential'"):
        select(engine, allocation.layers[0].name, allocation, Recipe(calibration="sequential"))
    engine.release()
    with pytest.raises(EcoflapError, match="no longer loaded"):
        select(engine, allocation.layers[0].name, allocation, recipe)
