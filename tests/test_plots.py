"""Figures say what the allocation says."""

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from ecoflap import plots
from ecoflap.allocation import Plan, allocate
from ecoflap.plots.groups import place_of_layers
from ecoflap.plots.importance import span, ticks
from ecoflap.types import Layer, Recipe, ScoreBundle
from tests.ui.fakes import small_bundle


def groups(recipe, bundle=None, names=None):
    allocation = allocate(bundle or small_bundle(), recipe)
    return allocation, plots.groups_of(allocation, names or {}, recipe.overrides, recipe.aggregate)


def curves(bundle, recipe, names=None):
    plan = Plan(bundle, recipe)
    caps = [min(1, row / 100 + 0.1) if recipe.max_sparsity is None else recipe.max_sparsity for row in range(96)]
    return plots.curves(bundle.layers, plan.table(), plan.prunable, caps, names or {})


def lines(figure, width):
    return {trace["name"]: trace for trace in figure.data if trace.get("line", {}).get("width") == width}


@pytest.mark.parametrize("granularity", ["layer", "block", "model"])
def test_the_skylines_area_is_what_is_removed(granularity):
    allocation, columns = groups(Recipe(0.4, granularity=granularity))
    areas = [trace for trace in plots.skyline(columns).data if trace.get("fill") == "tozeroy"]
    area = sum(np.trapezoid(trace["y"], trace["x"]) for trace in areas)
    assert area * 1e3 == pytest.approx(allocation.total - allocation.total_kept, rel=1e-9)
    assert [trace["name"] for trace in areas] == ["vision", "language"]


def test_the_skylines_columns_stand_side_by_side_and_have_names():
    first = "vision_model.encoder.layers.0"
    allocation, columns = groups(Recipe(0.4), names={first: "block one"})
    figure = plots.skyline(columns)
    points = next(trace for trace in figure.data if trace["mode"] == "markers")
    assert points["text"][0] == "block one" and points["y"][0] == allocation.groups()[first]
    assert points["customdata"][0][:2] == [0, columns[0].size]
    edges = [edge for left, right, _ in figure.spots for edge in (left, right)]
    assert edges[0] == 0 and edges[1:-1:2] == edges[2::2]
    assert figure.layout["xaxis"]["range"] == [0, pytest.approx(allocation.total / 1e3)]
    assert "fixed by hand" not in [entry["words"] for entry in figure.legend]


def test_what_is_held_inside_a_group_is_a_column_of_its_own_with_a_thick_top():
    block = "vision_model.encoder.layers.1"
    _, columns = groups(Recipe(0.4, 0.9, granularity="model", overrides={block: 0.0}), names={block: "block two"})
    assert [(group.words, group.held) for group in columns] == [
        ("vision", False),
        ("block two", True),
        ("language", False),
    ]
    figure = plots.skyline(columns)
    left, right, height = figure.spots[1]
    assert height == 0 and figure.data[-1]["x"] == [left, right, None] and figure.data[-1]["y"] == [0, 0, None]
    assert figure.legend[-1]["words"] == "fixed by hand"


def test_every_layer_finds_its_group():
    bundle = small_bundle()
    _, columns = groups(Recipe(0.4), bundle)
    places = place_of_layers(columns, len(bundle.layers))
    for layer, place in zip(bundle.layers, places):
        assert place == -1 if layer.modality == "bridge" else columns[place].modality == layer.modality
    assert sorted(set(places)) == [-1, *range(len(columns))]


def test_a_groups_importance_is_its_layers_sum_with_independent_errors_or_that_per_weight():
    layers = (Layer("a.0.x", "a.0", "vision", 2, 3, 3.0, 0.3), Layer("a.0.y", "a.0", "vision", 2, 5, 4.0, 0.4))
    bundle = ScoreBundle("toy", "toy", layers)
    _, (group,) = groups(Recipe(0.5), bundle)
    assert (group.score, group.stderr) == (7.0, pytest.approx(0.5))
    _, (group,) = groups(Recipe(0.5, aggregate="avg"), bundle)
    assert (group.score, group.stderr) == (7 / 16, pytest.approx(0.5 / 16))
    unknown = ScoreBundle("toy", "toy", (layers[0], replace(layers[1], stderr=None)))
    assert groups(Recipe(0.5), unknown)[1][0].stderr is None


def test_the_scatter_has_one_trace_per_modality_told_apart_by_colour_and_shape():
    _, points = groups(Recipe(0.4, modalities=("vision", "bridge", "language")))
    figure = plots.importance(points)
    assert figure.layout["xaxis"]["type"] == "log"
    marks = [trace["marker"] for trace in figure.data]
    assert len({mark["symbol"] for mark in marks}) == len({mark["color"] for mark in marks}) == 3
    assert [entry["words"] for entry in figure.legend] == ["Vision", "Bridge", "Language"]
    assert [x for trace in figure.data for x in trace["x"]] == [group.score for group in points]
    assert figure.data[0]["error_x"]["array"] == [group.stderr for group in points if group.modality == "vision"]
    assert [spot[1] for spot in figure.spots] == [group.sparsity for group in points]
    assert "±" in figure.data[0]["customdata"][0][2]


def test_what_has_no_score_stands_at_a_marked_left_edge():
    layers = (Layer("a.0.x", "a.0", "vision", 2, 3, 0.0), Layer("a.1.x", "a.1", "vision", 2, 3, 4.0))
    _, points = groups(Recipe(0.5), ScoreBundle("toy", "toy", layers))
    figure = plots.importance(points)
    low, high = figure.layout["xaxis"]["range"]
    none, scored = np.log10(figure.data[0]["x"])
    edge = np.log10(figure.layout["shapes"][0]["x0"])
    assert low < none < edge < scored < high
    assert figure.layout["annotations"][0]["text"] == "no score"
    assert figure.data[0]["customdata"][0][2] == "no score"
    assert "shapes" not in plots.importance(points[1:]).layout


def test_a_model_without_any_score_still_has_an_axis():
    assert span([0.0, 0.0]) == (-1.0, 1.0)
    low, high = span([2.0, 2.0])
    assert low < np.log10(2) < high


@pytest.mark.parametrize("aggregate", ["sum", "avg"])
@pytest.mark.parametrize(
    "scores", [(1.7e308, 1.7e308, 1.0), (1e308, 1e-322, 1.0), (1.7e308, 0.0, 5e-324), (5e-324, 0.0, 0.0)]
)
def test_the_largest_and_the_smallest_scores_there_are_have_an_axis(scores, aggregate):
    known = enumerate(scores)
    layers = tuple(Layer(f"a.0.{i}", "a.0" if i < 1 else "a.1", "vision", 2, 3, score, score) for i, score in known)
    for granularity in ("block", "layer", "model"):
        _, points = groups(Recipe(0.5, granularity=granularity, aggregate=aggregate), ScoreBundle("x", "y", layers))
        figure = plots.importance(points)
        assert json.loads(figure.json())
        low, high = figure.layout["xaxis"]["range"]
        assert all(10**low <= x <= 10**high for x in figure.data[0]["x"])
        assert figure.layout["xaxis"]["tickvals"]


@pytest.mark.parametrize("ends", [(-1, 0.5), (-6, 3), (0.1, 0.2), (-5.2, -4.9), (-12, 12)])
def test_ticks_are_round_few_and_inside(ends):
    found = ticks(*ends)
    assert 3 <= len(found) <= 7
    assert all(10 ** ends[0] <= value <= 10 ** ends[1] for value in found)


def test_curves_are_means_weighted_by_size_with_gaps_where_nothing_can_be():
    bundle, recipe = small_bundle(), Recipe(0.5, max_sparsity=0.6)
    figure = curves(bundle, recipe)
    kept, size = allocate(bundle, recipe).modalities()["vision"]
    mean = lines(figure, 3)["Vision"]["y"]
    assert mean[50] == pytest.approx(1 - kept / size, abs=1e-4)
    assert mean[61:] == [None] * 35 and None not in mean[:61]
    assert [entry["words"] for entry in figure.legend][:3] == ["Vision", "Language", "Cap"]


def test_the_faint_trace_holds_every_block_and_drops_only_points_of_straight_stretches():
    bundle, recipe = small_bundle(), Recipe(0.5)
    trace = lines(curves(bundle, recipe), 1)["vision"]
    blocks, x, y = [], [], []
    for target, value in zip(trace["x"], trace["y"]):
        if target is None:
            blocks.append(np.interp(np.arange(96) / 100, x, y))
            x, y = [], []
        else:
            x.append(target)
            y.append(value)
    table = Plan(bundle, recipe).table()
    expected = [table[:, i] for i, layer in enumerate(bundle.layers) if layer.name.endswith("self_attn.qkv")]
    assert np.abs(np.array(blocks) - np.array(expected)).max() < 0.01
    assert len(trace["x"]) < 2 * 96


def test_marks_name_the_blocks_that_leave_zero_and_that_reach_the_cap():
    layers = tuple(Layer(f"a.{i}.x", f"a.{i}", "language", 100, 100, score) for i, score in enumerate((1, 2, 8)))
    bundle = ScoreBundle("toy", "toy", layers)
    table = Plan(bundle, Recipe(0.5, max_sparsity=0.6)).table()
    figure = curves(bundle, Recipe(0.5, max_sparsity=0.6), {"a.2": "the important one"})
    zero = next(trace for trace in figure.data if trace.get("marker", {}).get("symbol") == "circle-open")
    last = int((table[:, 2] > 0).argmax()) - 1
    assert zero["x"][-1] == last / 100 and zero["y"][-1] == 0
    assert "the important one" in zero["hovertext"][-1] and f"{last}%" in zero["hovertext"][-1]
    # A block without importance is at the cap long before the others; where target and cap meet all of them are.
    figure = curves(ScoreBundle("toy", "toy", (replace(layers[0], score=0.0), *layers[1:])), Recipe(max_sparsity=0.6))
    cap = next(trace for trace in figure.data if trace.get("marker", {}).get("symbol") == "triangle-down-open")
    assert len(cap["x"]) == 1 and 0 < cap["x"][0] < 0.6 and cap["y"] == [0.6]
    assert cap["hovertext"][0].startswith("a.0")


def test_a_hand_that_holds_a_block_reaches_no_cap():
    bundle = small_bundle()
    recipe = Recipe(0.5, max_sparsity=0.6, overrides={"vision_model.encoder.layers.0": 0.7})
    marks = [trace for trace in curves(bundle, recipe).data if trace["mode"] == "markers"]
    assert not any("layers.0" in words for trace in marks for words in trace["hovertext"])


def test_a_uniform_allocation_has_no_marks():
    figure = curves(small_bundle(), Recipe(0.5, allocator="uniform"))
    assert not [trace for trace in figure.data if trace["mode"] == "markers"]


def test_every_figure_is_json_of_one_height_with_given_ranges():
    _, columns = groups(Recipe(0.3))
    made = [plots.skyline(columns), plots.importance(columns), curves(small_bundle(), Recipe(0.3, max_sparsity=0.6))]
    for figure in made:
        assert json.loads(figure.json())["layout"]["height"] == 300
        assert len(figure.layout["xaxis"]["range"]) == len(figure.layout["yaxis"]["range"]) == 2


def test_plotly_itself_knows_every_property_of_every_figure():
    recipe = Recipe(0.4, 0.9, overrides={"vision_model.encoder.layers.1": 0.0})
    _, columns = groups(recipe)
    figures = plots.skyline(columns), plots.importance(columns), curves(small_bundle(), recipe)
    for figure in figures:
        go.Figure(figure.data, figure.layout)  # raises where a trace or the layout has a property it does not know
