"""The figures' value: what is built anew, what is kept, and the sentence that explains the curves."""

import json

import pytest

from ecoflap.allocation import Plan, allocate
from ecoflap.types import Recipe
from ecoflap.ui import payload
from ecoflap.ui.figures import PALETTE, Drawing, why
from tests.ui.fakes import small_bundle

FIGURES = ("skyline", "importance", "curves")


def value(drawing, recipe, bundle=None, asked=None):
    bundle = bundle or small_bundle()

    def table():
        if asked is not None:
            asked.append(recipe)
        return Plan(bundle, recipe).table()

    return drawing.value(recipe, allocate(bundle, recipe), table, "model")


def test_the_value_says_what_it_is_about_and_every_figure_is_one_string():
    recipe = Recipe(0.37)
    found = value(Drawing(), recipe)
    assert (found["key"], found["percent"]) == (payload.key_of(recipe, "model"), 37)
    for name in FIGURES:
        assert {"data", "layout", "legend", "spots"} == json.loads(found[name]).keys()
    assert len(found["place"]) == len(small_bundle().layers)


def test_a_moved_target_builds_no_curves_anew_and_another_recipe_does():
    drawing, asked = Drawing(), []
    first, second = (value(drawing, Recipe(target), asked=asked) for target in (0.3, 0.6))
    assert len(asked) == 1
    assert first["curves"] == second["curves"] and first["skyline"] != second["skyline"]
    other = value(drawing, Recipe(0.3, max_sparsity=0.6), asked=asked)
    assert len(asked) == 2 and other["curves"] != first["curves"]


def test_zooming_survives_a_moved_target_and_ends_with_other_groups():
    drawing = Drawing()

    def kept(recipe):
        return {json.loads(value(drawing, recipe)[name])["layout"]["uirevision"] for name in FIGURES}

    assert kept(Recipe(0.3)) == kept(Recipe(0.6)) == kept(Recipe(0.6, max_sparsity=0.7))
    assert kept(Recipe(0.3)).isdisjoint(kept(Recipe(0.3, granularity="layer")))


def test_a_layer_that_is_held_apart_from_its_block_is_named_in_words():
    name = "vision_model.encoder.layers.1.mlp.fc1"
    found = value(Drawing(), Recipe(0.4, overrides={name: 0.0}))
    texts = [text for trace in json.loads(found["skyline"])["data"] for text in trace.get("text", [])]
    assert "Vision, block 2: feed-forward, up" in texts


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(0.5, cap_margin=0.2), "20 points above the target"),
        (Recipe(0.5, max_sparsity=0.7), "stays at 70%"),
        (Recipe(0.5, allocator="uniform"), "diagonal"),
        (Recipe(0.5, allocator="response"), "loss measured"),
        (Recipe(0.5, pattern="2:4"), "2:4"),
    ],
)
def test_one_sentence_says_why_the_curves_have_their_shape(recipe, words):
    sentence = why(recipe)
    assert words in sentence and sentence.count(".") == 1


def test_the_palette_goes_from_dark_to_light():
    light = [sum(colour) for colour in PALETTE]
    assert light == sorted(light) and len(PALETTE) == 10
