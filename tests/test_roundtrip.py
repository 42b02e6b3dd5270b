"""What leaves the project comes back: pruned folders, recipes, tables, bundles; each through a process of its own."""

import json
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import torch

from ecoflap.demo import questions
from ecoflap.explorer import Explorer
from ecoflap.formats.lavis_names import to_lavis
from ecoflap.types import Recipe, ScoreBundle
from tests.test_cli import document, run

NO_MODEL = """
import sys
from ecoflap import cli
try:
    cli.main()
finally:
    assert not {"torch", "transformers"} & set(sys.modules)
"""


def test_the_pruned_demo_answers_from_its_folder_what_the_page_answered(tmp_path):
    sample = questions.samples("evaluation", 45, 3)[44]
    asked = Explorer.open("demo").ask(sample.image, sample.question, Recipe(0.5))
    assert asked.dense.text != asked.pruned.text
    sample.image.save(tmp_path / "x.png")
    document("prune", "--model", "demo", "--target", "0.5", "--out", tmp_path / "pruned")
    asking = ["--image", tmp_path / "x.png", "--question", sample.question]
    again = document("ask", "--model", tmp_path / "pruned", "--target", "0", *asking)
    assert again["dense"] == again["pruned"] == asked.pruned.text
    assert again["tokens"]["dense"] == json.loads(json.dumps(asdict(asked.pruned)))


@pytest.fixture(scope="module")
def whole_way(t5_folder, tmp_path_factory):
    """A tiny model with its samples, its scores, and a folder that it was pruned to."""
    from tests.tiny import save_samples

    place = tmp_path_factory.mktemp("way")
    common = ["--model", t5_folder, "--calibration", save_samples(place), "--scores", place / "scores.json"]
    document("score", *common[:4], "--samples", "3", "--out", place / "scores.json")
    options = ["--target", "0.6", "--granularity", "layer", "--max-sparsity", "0.8", "--scope", "matrix"]
    document("prune", *common, *options, "--out", place / "pruned")
    return place, common


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def test_a_pruned_folders_recipe_makes_it_again_to_the_bit(whole_way, tmp_path):
    place, common = whole_way
    recipe = place / "pruned" / "recipe.json"
    found = document("prune", *common, "--recipe", recipe, "--out", tmp_path / "again")
    assert weights(tmp_path / "again") == weights(place / "pruned")
    assert Recipe.read(tmp_path / "again" / "recipe.json") == Recipe.read(recipe)
    assert found["target"] == 0.6


@pytest.mark.parametrize("ending", ["yaml", "csv"])
def test_a_table_of_an_allocation_makes_the_same_weights(ending, whole_way, tmp_path):
    place, common = whole_way
    table = tmp_path / f"x.{ending}"
    recipe = place / "pruned" / "recipe.json"
    made = document("allocate", "--scores", place / "scores.json", "--recipe", recipe, "--out", table)
    # No scores: the table says everything.
    found = document("prune", *common[:4], "--recipe", table, "--scope", "matrix", "--out", tmp_path / "again")
    assert weights(tmp_path / "again") == weights(place / "pruned")
    assert found["achieved"] == made["achieved"]


def test_options_beside_a_recipe_win(whole_way, tmp_path):
    place, _ = whole_way
    recipe = ["--scores", place / "scores.json", "--recipe", place / "pruned" / "recipe.json"]
    assert document("allocate", *recipe)["target"] == 0.6
    document("allocate", *recipe, "--target", "0.5", "--modalities", "language", "--out", tmp_path / "x.json")
    written = Recipe.read(tmp_path / "x.json")
    assert (written.target, written.modalities, written.granularity) == (0.5, ("language",), "layer")
    # The value that is the option's default counts too, once it is typed.
    document("allocate", *recipe, "--granularity", "block", "--out", tmp_path / "x.json")
    assert Recipe.read(tmp_path / "x.json").granularity == "block"


def test_evaluate_takes_its_target_from_the_recipe(whole_way):
    place, common = whole_way
    measured = ["--data", place, "--questions", "3"]
    found = document("evaluate", *common, *measured, "--recipe", place / "pruned" / "recipe.json")
    assert [point["target"] for point in found["points"]] == [0.6]


def test_a_recipe_for_something_else_says_for_what(whole_way, tmp_path):
    place, common = whole_way
    recipe = Recipe.read(place / "pruned" / "recipe.json")
    replace(recipe, bundle="0" * 16).write(tmp_path / "bundle.json")
    replace(recipe, samples="1" * 16).write(tmp_path / "samples.json")
    code, _, error = run("allocate", "--scores", place / "scores.json", "--recipe", tmp_path / "bundle.json")
    assert code == 2
    assert f"made for the score bundle {'0' * 16}, this one is {recipe.bundle}" in error
    code, _, error = run("prune", *common, "--recipe", tmp_path / "samples.json", "--out", tmp_path / "out")
    assert code == 2
    assert f"with the calibration samples {'1' * 16}, these are {recipe.samples}" in error
    assert not (tmp_path / "out").exists()


def test_a_bundle_opens_where_there_is_no_model_and_no_torch(whole_way):
    place, _ = whole_way
    arguments = ["allocate", "--scores", place / "scores.json", "--target", "0.5", "--format", "json"]
    command = [sys.executable, "-c", NO_MODEL, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["target"] == 0.5


def test_scores_of_the_public_code_are_imported(whole_way, tmp_path):
    place, common = whole_way
    measured = ScoreBundle.read(place / "scores.json")
    layers = [layer for layer in measured.layers if layer.modality != "bridge"]
    names = to_lavis([layer.name for layer in layers])
    torch.save({f"{names[layer.name]}.weight": layer.score for layer in layers}, tmp_path / "x.pth")
    document("score", "--model", common[1], "--from", tmp_path / "x.pth", "--out", tmp_path / "x.json")
    found = [ScoreBundle.read(tmp_path / "x.json"), measured]
    assert found[0].method == "imported from x.pth"
    assert [(layer.name, layer.block, layer.score) for layer in found[0].layers] == [
        (layer.name, layer.block, layer.score) for layer in layers
    ]
