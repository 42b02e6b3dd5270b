"""The embedded model as it ships: its scores, and its accuracy under pruning."""

import pytest

from ecoflap.evaluation import evaluate
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

    asked = samples("evaluation", 300, 41)
    dense, light, heavy = (
        evaluate(explorer.engine, asked, explorer.allocate(Recipe(target)), Recipe(target)).overall.value
        for target in (0.0, 0.3, 0.95)
    )
    assert dense >= 0.9
    assert light >= dense - 0.03
    assert heavy <= dense - 0.40
