"""The command `prune`: what it writes and says, patterns included, and that it opens with the same answers."""

import json
import shlex

import pytest
from PIL import Image
from typer.testing import CliRunner

from ecoflap.cli import app
from ecoflap.errors import EcoflapError
from ecoflap.types import Recipe

CHEAP = ["--allocator", "uniform", "--pruner", "magnitude"]


def run(*arguments):
    """(what is printed, notes) of one command; its errors as they are."""
    done = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    return done.stdout, done.stderr


def document(*arguments):
    return json.loads(run(*arguments, "--format", "json")[0])


def test_a_packed_folder_answers_as_the_pruned_model_and_sizes_stand_side_by_side(t5_folder, sample_folder, tmp_path):
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "x.png")
    asking = ["--image", tmp_path / "x.png", "--question", "what is there ?"]
    out = tmp_path / "out"
    found = document("prune", "--model", t5_folder, *CHEAP, "--target", "0.9", "--sparse", "--out", out)
    assert found["dense_bytes"] == (t5_folder / "model.safetensors").stat().st_size
    assert found["pruned_bytes"] == (out / "model.safetensors").stat().st_size
    assert found["sparse_bytes"] == (out / "sparse" / "sparse-00001-of-00001.safetensors").stat().st_size
    assert found["sparse_of_dense"] == found["sparse_bytes"] / found["dense_bytes"]
    pruned = document("ask", "--model", t5_folder, *CHEAP, "--target", "0.9", *asking)["pruned"]
    for folder in (out, out / "sparse"):
        assert document("ask", "--model", folder, "--target", "0", *asking)["dense"] == pruned


def test_the_cards_command_gives_the_same_model_again(t5_folder, sample_folder, tmp_path):
    out, again = tmp_path / "out", tmp_path / "again"
    common = ["--model", t5_folder, "--calibration", sample_folder]
    run("prune", *common, "--allocator", "uniform", "--target", "0.7", "--calibration-mode", "sequential", "--out", out)
    card = (out / "README.md").read_text()
    assert f"| Calibration samples | 3 of {sample_folder.name}" in card
    line = card.split("```")[1].strip()
    *words, place = shlex.split(line.replace("PRUNED", str(out)))[3:]
    assert place == "OUT"
    run(*words, again)
    for name in ("model.safetensors", "recipe.json", "scores.json", "README.md"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_people_read_the_sizes_and_that_few_zeros_do_not_pay(t5_folder, tmp_path):
    printed, _ = run("prune", "--model", t5_folder, *CHEAP, "--target", "0", "--sparse", "--out", tmp_path / "out")
    assert "Weights on disk: dense" in printed
    assert "That is no smaller" in printed
    printed, _ = run("prune", "--model", t5_folder, *CHEAP, "--target", "0", "--out", tmp_path / "other")
    assert "Without zeros" not in printed


@pytest.mark.parametrize("pattern", ["2:4", "4:8"])
def test_a_pattern_is_said_to_fix_the_sparsity(t5_folder, tmp_path, pattern):
    arguments = ["--model", t5_folder, *CHEAP, "--pattern", pattern]
    printed, notes = run("prune", *arguments, "--out", tmp_path / "out", "--format", "json")
    assert json.loads(printed)["achieved"] == 0.5
    assert f"The pattern {pattern} removes half of every group" in notes
    assert Recipe.read(tmp_path / "out" / "recipe.json").pattern == pattern
    with pytest.raises(EcoflapError, match=r"target 0\.6 cannot be met"):
        run("prune", *arguments, "--target", "0.6", "--out", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_allocate_takes_a_pattern_and_asks_no_allocator():
    found = document("allocate", "--pattern", "2:4", "--allocator", "response")
    assert set(found["groups"].values()) == {0.5}


def test_evaluate_measures_a_pattern_once(t5_folder, sample_folder):
    rest = ["--model", t5_folder, "--data", sample_folder, "--questions", "2", *CHEAP, "--pattern", "2:4"]
    found = document("evaluate", *rest)["points"]
    assert [point["target"] for point in found] == [0.5]
    with pytest.raises(EcoflapError, match=r"target 0\.3 cannot be met"):
        run("evaluate", *rest, "--target", "0.3")
