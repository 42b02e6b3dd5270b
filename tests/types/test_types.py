"""Bundles and recipes: what is written is read again, and what cannot be is refused with value, cause and remedy."""

import json
from dataclasses import replace

import pytest

from ecoflap.errors import EcoflapError
from ecoflap.types import Layer, Recipe, ScoreBundle
from tests.tiny import bundle

TOY = bundle(("a", "b", "vision", 2, 3, 0.5), ("c", "d", "language", 4, 5, 1e-12))


def test_a_bundle_is_read_as_it_was_written(tmp_path):
    TOY.write(tmp_path / "scores.json")
    again = ScoreBundle.read(tmp_path / "scores.json")
    assert again.layers == TOY.layers
    assert again.fingerprint == TOY.fingerprint == again.stored_fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["scores.json"]


def test_a_bundle_changed_by_hand_is_noticed(tmp_path):
    path = tmp_path / "scores.json"
    TOY.write(path)
    path.write_text(path.read_text().replace("0.5", "0.75"))
    with pytest.raises(EcoflapError, match="was changed after it was written"):
        ScoreBundle.read(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "its format is 'list'"),
        ('{"format": "ecoflap-scores/9"}', "its format is 'ecoflap-scores/9', not 'ecoflap-scores/1'"),
        ('{"format": "ecoflap-scores/1"}', "lacks layers"),
        ('{"format": "ecoflap-scores/1", "layers": []}', "has no layers"),
        ('{"format": "ecoflap-scores/1", "layers": [{"name": "a"}]}', "layers[0] lacks block, modality"),
        ('{"format": "ecoflap-scores/1", "layers": [7]}', "layers[0] is not what a score bundle holds there"),
    ],
)
def test_what_is_no_bundle_gets_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(EcoflapError) as caught:
        ScoreBundle.read(path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["model", "method"])
@pytest.mark.parametrize(
    ("value", "sentence"), [("\ud800", "half a character"), ("x" * 2_000_000, "2000000 characters"), ([], "found list")]
)
def test_what_a_bundle_calls_itself_can_be_shown(tmp_path, field, value, sentence):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(TOY.to_json() | {"fingerprint": None, field: value}))
    with pytest.raises(EcoflapError, match=sentence) as caught:
        ScoreBundle.read(path)
    assert len(str(caught.value).encode()) < 500


def test_a_value_with_half_a_character_is_an_error_that_can_be_sent():
    assert EcoflapError("layer_modality", name="a", value="\ud800", choices="x").text().encode()


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "3", None])
def test_a_score_that_cannot_be_is_refused(value):
    with pytest.raises(EcoflapError, match="has the score"):
        Layer("a", "b", "vision", 1, 1, value)


@pytest.mark.parametrize("value", [0, -3, 2.5, True, "4"])
def test_a_shape_that_cannot_be_is_refused(value):
    with pytest.raises(EcoflapError, match="whole number of at least 1"):
        Layer("a", "b", "vision", value, 1)


@pytest.mark.parametrize(
    "fact",
    [
        {"stderr": "x"}, {"stderr": float("nan")}, {"stderr": -1}, {"draws": -3.5}, {"draws": True}, {"curve": None},
        {"curve": 5}, {"curve": [1, 2]}, {"curve": [["a", "b", "c"]]}, {"curve": [[1, 2]]}, {"stats": 7},
        {"stats": "ab"}, {"name": "x" * 301}, {"name": "\ud800"}, {"block": "\udfff"}, {"block": "x" * 10**6},
        {"stats": {"x": "y"}}, {"score": True}, {"score": 10**400}, {"rows": 10**19}, {"block": 7}, {"modality": []},
    ],
)  # fmt: skip
def test_facts_that_cannot_be_are_refused(fact, tmp_path):
    entry = {"name": "a", "block": "b", "modality": "vision", "rows": 2, "cols": 3, "score": 1.0}
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"format": "ecoflap-scores/1", "layers": [entry | fact]}))
    with pytest.raises(EcoflapError):
        ScoreBundle.read(path)


@pytest.mark.parametrize(
    "values",
    [{"modalities": 5}, {"modalities": None}, {"modalities": "vision"}, {"overrides": None}, {"overrides": [1]},
     {"model": 7}, {"bundle": [1]}, {"granularity": []}, {"target": "0.5"}, {"surprise": 1}],
)  # fmt: skip
def test_a_recipe_file_with_wrong_types_is_refused(values, tmp_path):
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({"format": "ecoflap-recipe/1"} | values))
    with pytest.raises(EcoflapError):
        Recipe.read(path)


def test_layers_of_one_name_are_refused():
    with pytest.raises(EcoflapError, match="lists the layer a twice"):
        bundle(("a", "b", "vision", 2, 3, 0.5), ("a", "b", "vision", 2, 3, 0.5))


def test_a_recipe_is_read_as_it_was_written(tmp_path):
    recipe = Recipe(0.6, 0.8, modalities=("language",), overrides={"x": 0.25})
    recipe.write(tmp_path / "recipe.json")
    assert Recipe.read(tmp_path / "recipe.json") == recipe
    assert json.loads((tmp_path / "recipe.json").read_text())["format"] == "ecoflap-recipe/1"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"target": 1.5}, "target is 1.5"),
        ({"target": float("nan")}, "target is nan"),
        ({"target": True}, "target is True"),
        ({"target": 0.7, "max_sparsity": 0.6}, "0.7 is above the cap 0.6"),
        ({"granularity": "row"}, "granularity is 'row'. Choose one of: layer, block, model"),
        ({"modalities": ()}, "modalities is 'nothing'"),
        ({"pruner": "luck"}, "pruner is 'luck'"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(values, sentence):
    with pytest.raises(EcoflapError) as caught:
        Recipe(**values)
    assert sentence in str(caught.value)


def test_the_cap_follows_the_target_up_to_one():
    assert Recipe(0.5).cap == pytest.approx(0.6)
    assert Recipe(0.95).cap == 1.0
    assert Recipe(0.5, 0.5).cap == 0.5


@pytest.mark.parametrize(
    "curve",
    [((0.0, 1.0, 0.1),), ((1.2, 1.0, 0.1),), ((0.5, 1.0, -0.1),), ((0.5, 1.0, 0.1), (0.5, 2.0, 0.1)), ((0.5, 1.0),)],
)
def test_a_curve_that_cannot_be_is_refused(curve):
    with pytest.raises(EcoflapError, match="curve"):
        Layer("a", "b", "vision", 2, 3, curve=curve)


def test_bundles_of_one_model_are_joined_and_scores_stay():
    curves = tuple(replace(layer, score=9.0, curve=((0.5, 1.0, 0.1),), stats={"x": 2.0}) for layer in TOY.layers)
    other = ScoreBundle("toy", "response", curves, {"seed": 3, "model_fingerprint": "m"})
    joined = TOY.joined(other)
    assert [layer.score for layer in joined.layers] == [layer.score for layer in TOY.layers]
    assert all(layer.curve == ((0.5, 1.0, 0.1),) and layer.stats == {"x": 2.0} for layer in joined.layers)
    assert joined.facts["added"] == [{"method": "response", "seed": 3}]
    assert joined.joined(other).facts["added"] == 2 * [{"method": "response", "seed": 3}]


def test_bundles_of_different_models_are_not_joined():
    with pytest.raises(EcoflapError, match="different models or weights"):
        TOY.joined(bundle(("a", "b", "vision", 2, 3, 0.5)))
    marked = [ScoreBundle("toy", "toy", TOY.layers, {"model_fingerprint": mark}) for mark in "mn"]
    with pytest.raises(EcoflapError, match="different models or weights"):
        marked[0].joined(marked[1])


def test_a_bundle_of_scores_alone_adds_nothing():
    with pytest.raises(EcoflapError, match="zeroth-order measures scores.*without --with"):
        TOY.joined(ScoreBundle("toy", "zeroth-order", tuple(replace(layer, curve=()) for layer in TOY.layers)))
