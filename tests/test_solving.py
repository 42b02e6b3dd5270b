"""Sequential calibration of a loaded model: counts, cache, cancelling, and everybody's own answers."""

import threading

import pytest
import torch
from PIL import Image

from ecoflap.allocation import allocate
from ecoflap.data.registry import samples_for
from ecoflap.engine import Engine
from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.explorer import Explorer
from ecoflap.importance.settings import Settings
from ecoflap.models import huggingface
from ecoflap.types import Loading, Recipe, ScoreBundle
from tests.tiny import Forgetful, scored, weights

PICTURE = Image.new("RGB", (40, 32), "red")
SEQUENTIAL = Recipe(0.7, calibration="sequential")


def kept_weights(engine, allocation, recipe):
    with engine.state(allocation, recipe) as model:
        return {name: linear.weight != 0 for name, linear in model.linears.items()}


def test_sequential_calibration_keeps_the_counts_and_other_weights(engine):
    allocation = allocate(scored(engine), SEQUENTIAL)
    counts = dict(zip((layer.name for layer in allocation.layers), allocation.kept))
    found, instant = (kept_weights(engine, allocation, recipe) for recipe in (SEQUENTIAL, Recipe(0.7)))
    assert {name: int(mask.sum()) for name, mask in found.items()} == counts
    different = {name for name, mask in found.items() if not torch.equal(mask, instant[name])}
    assert different
    assert {layer.name for layer in engine.model.layers if layer.block == engine.model.layers[0].block}.isdisjoint(
        different
    )


def test_a_sequential_calibration_is_solved_once_and_its_norms_outlive_the_engine(engine, sample_folder, monkeypatch):
    allocation = allocate(scored(engine), SEQUENTIAL)
    told = []
    ranked = engine.ranked_for(allocation, SEQUENTIAL, lambda *step: told.append(step))
    solved_blocks = len({layer.block for layer in allocation.layers if layer.modality != "bridge"})
    assert told == [(done, 3 * (1 + solved_blocks)) for done in range(1, 3 * (1 + solved_blocks) + 1)]
    half = Recipe(0.5, calibration="sequential")
    engine.ranked_for(allocate(scored(engine), half), half, lambda *step: told.append(step))
    assert len(told) == 2 * told[-1][1]
    ranked = engine.ranked_for(allocation, SEQUENTIAL)
    monkeypatch.setattr("ecoflap.solving.Sequential", None)
    assert engine.ranked_for(allocation, SEQUENTIAL) is ranked
    again = Engine(engine.model, str(sample_folder)).ranked_for(allocation, SEQUENTIAL)
    assert again.keys() == ranked.keys()
    assert all(torch.equal(again[name].ranks, one.ranks) for name, one in ranked.items())
    assert engine.samples


def test_a_stopped_calibration_leaves_the_model_dense_and_can_be_run_again(engine):
    allocation, dense = allocate(scored(engine), SEQUENTIAL), weights(engine)
    with pytest.raises(Cancelled):
        engine.ranked_for(allocation, SEQUENTIAL, lambda done, total: done < total / 2)
    assert all(torch.equal(value, dense[name]) for name, value in weights(engine).items())
    assert engine.prune(allocation, SEQUENTIAL) == len(engine.ranked_for(allocation, SEQUENTIAL))


def test_calibration_modes_are_one_where_nothing_is_calibrated_or_removed(engine, monkeypatch):
    bundle = scored(engine)
    monkeypatch.setattr(engine, "calibration_samples", None)
    recipes = [Recipe(0.5, pruner="magnitude", calibration=mode) for mode in ("dense", "sequential")]
    one, other = (kept_weights(engine, allocate(bundle, recipe), recipe) for recipe in recipes)
    assert all(torch.equal(mask, other[name]) for name, mask in one.items())
    nothing = Recipe(0.0, calibration="sequential")
    assert engine.ranked_for(allocate(bundle, nothing), nothing) == {}


def test_a_sequential_recipe_of_other_samples_is_refused(engine):
    allocation = allocate(scored(engine), SEQUENTIAL)
    for _ in range(2):  # before a solve and after one
        with pytest.raises(EcoflapError, match="made with the calibration samples 0123"):
            engine.prune(allocation, Recipe(0.7, calibration="sequential", samples="0123"))
        engine.prune(allocation, SEQUENTIAL)


def test_people_with_sequential_and_dense_recipes_get_their_own_answers(blip2_folder, sample_folder):
    explorer = Explorer.open(str(blip2_folder), None, Loading("cpu"), str(sample_folder))
    recipes = [Recipe(target, 1.0, calibration=mode) for target in (0.4, 0.8) for mode in ("dense", "sequential")]
    explorer._answers = Forgetful()  # what is kept would be no answer of the model
    alone = [explorer.ask(PICTURE, "what is there ?", recipe).pruned for recipe in recipes]
    found = [[] for _ in recipes]

    def person(i):
        for _ in range(3):
            found[i].append(explorer.ask(PICTURE, "what is there ?", recipes[i]).pruned)

    threads = [threading.Thread(target=person, args=(i,)) for i in range(len(recipes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[answer] * 3 for answer in alone]


def test_a_pruned_folder_says_how_it_was_calibrated(t5_folder, sample_folder, tmp_path):
    from typer.testing import CliRunner

    from ecoflap.cli import app

    out, model = tmp_path / "pruned", huggingface.open_model(str(t5_folder), Loading("cpu"))
    scores = tmp_path / "scores.json"
    Engine(model, str(sample_folder)).score(Settings(samples=3)).write(scores)
    options = ["--model", t5_folder, "--calibration", sample_folder, "--scores", scores, "--target", "0.7"]
    arguments = ["prune", *options, "--calibration-mode", "sequential", "--out", out]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    recipe = Recipe.read(out / "recipe.json")
    assert recipe.calibration == "sequential"
    assert recipe.samples == samples_for("x", str(sample_folder), 128, 0).fingerprint
    again = huggingface.open_model(str(out), Loading("cpu"))
    expected = kept_weights(
        Engine(model, str(sample_folder)), allocate(ScoreBundle.read(scores), SEQUENTIAL), SEQUENTIAL
    )
    assert all(torch.equal(linear.weight != 0, expected[name]) for name, linear in again.linears.items())
