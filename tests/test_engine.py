"""The engine and the facade on a tiny BLIP-2: exact zeros, dense bit for bit, cached scores, shared by many."""

import threading

import pytest
import torch
from PIL import Image

from ecoflap import store
from ecoflap.allocation import allocate
from ecoflap.asking import checked_question
from ecoflap.errors import EcoflapError
from ecoflap.explorer import Explorer
from ecoflap.export import save_pruned
from ecoflap.importance.settings import Settings
from ecoflap.models import huggingface
from ecoflap.types import Layer, Loading, Recipe, Sample, ScoreBundle
from tests.tiny import Forgetful, samples, scored, weights

PICTURE = Image.new("RGB", (40, 32), "red")


@pytest.mark.parametrize("pruner", ["wanda", "magnitude"])
@pytest.mark.parametrize("target", [0.0, 0.37, 0.5, 0.95])
def test_zeros_are_counted_to_the_weight_and_dense_comes_back(engine, pruner, target):
    recipe = Recipe(target, pruner=pruner)
    dense = weights(engine)
    assert all((value != 0).all() for value in dense.values())
    allocation = allocate(scored(engine), recipe)
    with engine.state(allocation, recipe) as model:
        found = {layer.name: int((model.linears[layer.name].weight != 0).sum()) for layer in model.layers}
    assert found == dict(zip((layer.name for layer in allocation.layers), allocation.kept))
    engine.prune(None)
    assert all(torch.equal(value, dense[name]) for name, value in weights(engine).items())


def test_scores_are_measured_once_and_then_read(engine, monkeypatch):
    first = scored(engine)
    monkeypatch.setattr("ecoflap.scoring.measure", None)
    assert scored(engine).layers == first.layers


def test_a_damaged_cache_is_made_anew(engine):
    first = scored(engine)
    path = next((store.folder() / "scores").iterdir())
    path.write_text(path.read_text()[:300])
    assert scored(engine).layers == first.layers
    assert ScoreBundle.read(path).layers == first.layers
    engine.norms()
    path = next((store.folder() / "norms").iterdir())
    path.write_bytes(path.read_bytes()[:50])
    engine._norms = None
    assert engine.norms().keys() == engine.model.linears.keys()


def test_scoring_leaves_a_pruned_model_dense(engine):
    dense, bundle = weights(engine), scored(engine)
    engine.prune(allocate(bundle, Recipe()), Recipe())
    again = engine.score(Settings(samples=3, batch_size=1))
    assert all(torch.equal(value, dense[name]) for name, value in weights(engine).items())
    assert [layer.name for layer in again.layers] == [layer.name for layer in bundle.layers]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"samples": 0}, "number of samples is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"eps": 0.0}, "eps is 0.0"),
        ({"draws": 0}, "draws is 0"),
        ({"eps": 1e30}, "eps is 1e\\+30. It has to be from"),
        ({"replay_bytes": -(2**30)}, "memory for replay is -1 GB"),
        ({"sparsities": ()}, "at least one, and none twice"),
        ({"sparsities": (0.5, 0.5)}, "at least one, and none twice"),
        ({"sparsities": (0.0,)}, "sparsities is 0.0"),
        ({"gradient": "GradMag"}, "gradient is 'GradMag'"),
    ],
)
def test_settings_that_cannot_be(engine, settings, sentence):
    with pytest.raises(EcoflapError, match=sentence):
        engine.score(Settings(**settings))


def opened(blip2_folder, sample_folder, scores=None):
    return Explorer.open(str(blip2_folder), scores, Loading("cpu"), str(sample_folder))


def test_the_facade_scores_first_and_then_answers_dense_and_pruned(blip2_folder, sample_folder):
    explorer = opened(blip2_folder, sample_folder)
    assert explorer.wait_prepared().ready
    asked = explorer.ask(PICTURE, " what ? ", Recipe(0.9))
    assert asked.allocation.achieved == pytest.approx(0.9, abs=1e-3)
    explorer.engine.prune(None)
    assert asked.dense == explorer.engine.model.answer([Sample(PICTURE, "what ?", "")])[0]
    assert explorer.facts()["prunable"] == sum(layer.size for layer in explorer.bundle.layers)


def test_the_dense_answer_is_asked_once(blip2_folder, sample_folder, monkeypatch):
    explorer = opened(blip2_folder, sample_folder)
    engine = explorer.wait()
    calls = []
    answer = engine.model.answer
    monkeypatch.setattr(engine.model, "answer", lambda rows, *rest: calls.append(1) or answer(rows, *rest))
    for target in (0.3, 0.6, 0.9):
        explorer.ask(PICTURE, "what ?", Recipe(target))
    assert len(calls) == 4


def test_everybody_gets_the_answer_of_their_own_recipe(blip2_folder, sample_folder):
    explorer = opened(blip2_folder, sample_folder)
    recipes = [Recipe(target / 10, 1.0) for target in range(10)]
    explorer._answers = Forgetful()  # what is kept would be no answer of the model
    alone = [explorer.ask(PICTURE, "what is there ?", recipe).pruned for recipe in recipes]
    found = [[] for _ in recipes]

    def person(i):
        for _ in range(3):
            found[i].append(explorer.ask(PICTURE, "what is there ?", recipes[i]).pruned)

    threads = [threading.Thread(target=person, args=(i,)) for i in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[answer] * 3 for answer in alone]
    assert len(set(alone)) > 5


def test_a_model_without_samples_is_told_how_to_give_some(blip2_folder):
    with pytest.raises(EcoflapError, match=r"brings no calibration samples.*--calibration FOLDER"):
        Explorer.open(str(blip2_folder))


def test_target_zero_needs_neither_scores_nor_samples(blip2_folder):
    explorer = Explorer.open(str(blip2_folder), prepare=False)
    asked = explorer.ask(PICTURE, "what ?", Recipe(0.0))
    assert asked.dense.tokens == asked.pruned.tokens


def test_scores_of_another_model_are_refused(blip2_folder, sample_folder, tmp_path):
    path = tmp_path / "other.json"
    ScoreBundle("other", "x", (Layer("a", "b", "vision", 2, 2, 1.0),)).write(path)
    explorer = opened(blip2_folder, sample_folder, path)
    with pytest.raises(EcoflapError, match="scores are of another model"):
        explorer.wait()
    assert "scores are of another model" in explorer.status().error


@pytest.mark.parametrize(
    ("question", "sentence"),
    [("", "no question"), (" \n", "no question"), ("x" * 501, "501"), (5, "question is 5"), ([], "question is")],
)
def test_questions_that_cannot_be(question, sentence):
    with pytest.raises(EcoflapError, match=sentence):
        checked_question(question)


def test_a_question_that_is_no_text_for_a_tokenizer_becomes_one():
    assert checked_question("what\ud800 ?") == "what? ?"


def test_a_saved_pruned_model_answers_as_the_pruned_one(engine, tmp_path):
    recipe = Recipe(0.6, 0.9)
    allocation = allocate(scored(engine), recipe)
    out = tmp_path / "pruned"
    save_pruned(engine, allocation, recipe, out)
    again = huggingface.open_model(str(out), Loading("cpu"))
    zeros = sum(int((linear.weight == 0).sum()) for linear in again.linears.values())
    assert zeros == allocation.total - allocation.total_kept
    assert Recipe.read(out / "recipe.json") == recipe
    assert (out / "config.json").read_bytes() == (engine.model.folder / "config.json").read_bytes()
    for sample in samples():
        assert again.answer([sample]) == engine.answer([sample], allocation, recipe)
    with pytest.raises(EcoflapError, match="exists already"):
        save_pruned(engine, allocation, recipe, out)


def test_a_recipe_of_other_samples_or_weights_is_refused(engine, sample_folder, tmp_path):
    with pytest.raises(EcoflapError, match="made with the calibration samples 0123"):
        engine.ranked(Recipe(samples="0123"))
    bundle = scored(engine)
    path = tmp_path / "other.json"
    facts = bundle.facts | {"model_fingerprint": "0" * 16}
    ScoreBundle(bundle.model, bundle.method, bundle.layers, facts).write(path)
    opened = Explorer.open(str(engine.model.folder), path, Loading("cpu"), str(sample_folder))
    with pytest.raises(EcoflapError, match="measured on weights with fingerprint 0000"):
        opened.wait()


def test_norms_of_another_shape_are_measured_again(engine):
    norms = engine.norms()
    path = next((store.folder() / "norms").iterdir())
    store.keep_norms(path.stem, {name: value[:1] for name, value in norms.items()})
    engine._norms = None
    assert {name: value.shape for name, value in engine.norms().items()} == {n: v.shape for n, v in norms.items()}


def test_a_cache_that_cannot_be_written_costs_no_work(engine, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "file"))
    assert scored(engine).layers
    assert engine.norms()
