"""The embedded model as it ships: its scores, and its accuracy under pruning."""

import pytest

from ecoflap.evaluation import Questions, evaluate
from ecoflap.explorer import Explorer
from ecoflap.models.registry import DEMO_FOLDER, DEMO_SCORES
from ecoflap.types import Recipe, ScoreBundle


@pytest.fixture(scope="module")
def explorer():
    opened = Explorer.open()
    opened.wait()
    return opened


def test_the_model_is_small_and_holds_no_pickle():
    files = [path for path in DEMO_FOLDER.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 25 * 2**20
    assert {path.suffix for path in files} <= {".json", ".jsonl", ".safetensors", ".md"}


def test_it_is_deep_enough_to_have_a_story():
    blocks = {layer.block for layer in ScoreBundle.read(DEMO_SCORES).layers}
    for part, least in (("vision_model", 6), ("qformer", 4), ("model.encoder.block", 4), ("model.decoder.block", 4)):
        assert sum(part in block for block in blocks) >= least


def test_the_shipped_scores_are_known_to_a_tenth():
    layers = ScoreBundle.read(DEMO_SCORES).layers
    errors = sorted(layer.stderr / layer.score for layer in layers)
    assert errors[len(errors) // 2] <= 0.10
    assert all(layer.score > 0 for layer in layers)


def test_the_shipped_scores_belong_to_the_shipped_weights(explorer):
    assert explorer.bundle.facts["model_fingerprint"] == explorer.engine.fingerprint


def test_accuracy_holds_at_30_and_falls_at_95_per_cent(explorer):
    from ecoflap.demo.questions import samples

    asked = Questions(samples("evaluation", 300, 41))
    dense, light, heavy = (
        evaluate(explorer.engine, asked, explorer.allocate(Recipe(target)), Recipe(target)).overall.value
        for target in (0.0, 0.3, 0.95)
    )
    assert dense >= 0.9
    assert light >= dense - 0.03
    assert heavy <= dense - 0.40


@pytest.mark.parametrize("target", [0.0, 0.6, 0.8])
def test_an_evaluation_says_what_asking_one_by_one_says(explorer, target):
    from ecoflap.demo.questions import samples

    recipe, asked = Recipe(target, allocator="uniform"), samples("evaluation", 60, 43)
    allocation = explorer.allocate(recipe)
    point = evaluate(explorer.engine, Questions(asked), allocation, recipe)
    with explorer.engine.state(allocation, recipe) as model:
        alone = [model.answer([sample])[0].text for sample in asked]
        shown = model.foretold(model.encode(asked))[2]
    assert point.answers == tuple(alone)
    assert [text for text in shown if text is not None] == [
        text for text, sample in zip(alone, asked) if text == sample.answer
    ]
    assert [sample.answer for sample, text in zip(asked, shown) if text is None] == [
        sample.answer for text, sample in zip(alone, asked) if text != sample.answer
    ]
