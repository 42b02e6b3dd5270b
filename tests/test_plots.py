"""Figures say what the allocation says."""

import numpy as np
import pytest

from ecoflap.allocation import Plan, allocate
from ecoflap.plots import curves, skyline
from ecoflap.types import Recipe
from tests.ui.fakes import small_bundle


@pytest.mark.parametrize("granularity", ["layer", "block", "model"])
def test_the_skylines_area_is_what_is_removed(granularity):
    allocation = allocate(small_bundle(), Recipe(0.4, granularity=granularity))
    figure = skyline(allocation, {})
    areas = [trace for trace in figure.data if trace.fill == "tozeroy"]
    area = sum(np.trapezoid(trace.y, trace.x) for trace in areas)
    assert area * 1e3 == pytest.approx(allocation.total - allocation.total_kept, rel=1e-9)
    assert [trace.name for trace in areas] == ["Vision", "Language"]


def test_the_skyline_names_its_columns_and_its_lines():
    allocation = allocate(small_bundle(), Recipe(0.4, max_sparsity=0.7))
    figure = skyline(allocation, {"vision_model.encoder.layers.0": "first"})
    points = next(trace for trace in figure.data if trace.mode == "markers")
    assert points.text[0] == "first" and points.y[0] == allocation.groups()["vision_model.encoder.layers.0"]
    assert {note.text for note in figure.layout.annotations} == {"target 40%", "cap 70%"}


def test_curves_are_means_weighted_by_size_with_gaps_where_nothing_can_be():
    bundle, recipe = small_bundle(), Recipe(0.5, max_sparsity=0.6)
    plan = Plan(bundle, recipe)
    figure = curves(bundle.layers, plan.table(), plan.prunable, 0.5, [0.6] * 96)
    by_name = {trace.name: np.array(trace.y, dtype=float) for trace in figure.data}
    kept, size = allocate(bundle, recipe).modalities()["vision"]
    assert by_name["Vision"][50] == pytest.approx(1 - kept / size)
    assert np.isnan(by_name["Vision"][61:]).all() and not np.isnan(by_name["Vision"][:61]).any()
    assert list(by_name) == ["Vision", "Language", "Cap"]
    assert figure.layout.shapes[0].x0 == 0.5


def test_heights_never_change():
    bundle = small_bundle()
    heights = {skyline(allocate(bundle, Recipe(target)), {}).layout.height for target in (0, 0.3, 0.95)}
    assert heights == {300}
