"""The full-size section, on a model whose shape is the same and whose sizes are tiny."""

import json
import sys

import pytest
import torch

from ecoflap.errors import EcoflapError
from ecoflap.models import discovery
from ecoflap.validation import bandwidth, blip2, fullsize, phases, replayed

TINY = {
    "vision": {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 16,
        "patch_size": 8,
    },
    "bridge": {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "encoder_hidden_size": 16,
        "vocab_size": 8,
    },
    "text": {"d_model": 16, "d_ff": 32, "d_kv": 8, "num_layers": 2, "num_heads": 2, "vocab_size": 20},
    "queries": 2,
}
TINY_SCORED = ("vision_model.encoder.layers.1", "language_model.encoder.block.0", "language_model.decoder.block.1")


@pytest.fixture(scope="module")
def found():
    return fullsize.run(lambda phase: None, TINY, scored=TINY_SCORED)


def test_the_full_shape_has_the_papers_matrices():
    with torch.device("meta"):
        model = blip2.transformers.Blip2ForConditionalGeneration(blip2.configuration(blip2.XL))
    layers = [layer for layer in discovery.discover(model).layers if layer.modality != "bridge"]
    assert len(layers) == 588
    assert len({layer.block for layer in layers}) == 87
    assert sum(layer.size for layer in layers) == 3_701_932_032
    assert set(fullsize.SCORED) <= {layer.block for layer in layers}


def test_weights_are_made_in_the_type_and_shared_ones_stay_shared():
    model = blip2.build(TINY)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
    text = model.language_model
    assert text.encoder.embed_tokens.weight is text.decoder.embed_tokens.weight is text.shared.weight
    assert torch.equal(blip2.build(TINY).query_tokens, model.query_tokens)
    assert not torch.equal(blip2.build(TINY, seed=1).query_tokens, model.query_tokens)


def test_every_tower_is_pruned_to_the_budget_and_restored(found):
    assert [tower["tower"] for tower in found["towers"]] == [
        "vision_model.encoder.layers",
        "language_model.encoder.block",
        "language_model.decoder.block",
    ]
    assert sum(tower["weights"] for tower in found["towers"]) == found["prunable"]
    zeros = [sum(counts) for counts in zip(*(tower["zeros"] for tower in found["towers"]))]
    assert (
        zeros == found["removed"] == [found["prunable"] - round(found["prunable"] * (1 - t)) for t in (0.5, 0.6, 0.7)]
    )
    assert found["identical"] and all(tower["identical"] for tower in found["towers"])


def test_replay_gives_the_losses_of_whole_passes(found):
    assert len(found["scores"]["rows"]) == len(TINY_SCORED)
    for row in found["scores"]["rows"]:
        assert row["replay"]["losses"] == pytest.approx(row["naive"]["losses"], abs=1e-6)
    assert any(row["naive"]["score"] > 0 for row in found["scores"]["rows"])


def test_every_phase_has_its_time_and_memory(found):
    # Building; per tower a copy, ranks and rounds of three targets and restoring; a first pass, rounds of two ways.
    towers, scores = 3 * (2 + fullsize.ROUNDS * 4), 2 * replayed.ROUNDS * len(TINY_SCORED)
    assert len(found["phases"]) == 1 + towers + 1 + scores
    for tower in found["towers"]:
        rows = [row for row in found["phases"] if row["phase"] == f"{tower['tower']}: 60%"]
        assert len(rows) == fullsize.ROUNDS
        assert tower["apply_seconds"][1] == min(row["seconds"] for row in rows)
    assert all(row["seconds"] >= 0 and row["peak_gb"] > 0 for row in found["phases"])
    assert found["peak_gb"] == max(row["peak_gb"] for row in found["phases"])


def test_a_changed_bit_changes_the_fingerprint():
    weight = torch.zeros(4, 4, dtype=torch.bfloat16)
    before = fullsize.fingerprint([weight])
    assert fullsize.fingerprint([weight.clone()]) == before
    weight[3, 3] = -0.0
    assert fullsize.fingerprint([weight]) != before


def test_too_little_memory_is_refused_before_anything_runs(monkeypatch):
    monkeypatch.setattr(fullsize, "free_memory", lambda: 3.25)
    with pytest.raises(EcoflapError, match=r"needs 18 GB of free memory, and 3\.2 GB are free\. Close other programs"):
        fullsize.measure(lambda *step: None, command=("false",))


def test_the_process_tells_its_phases_and_gives_its_result(monkeypatch):
    monkeypatch.setattr(fullsize, "free_memory", lambda: 100.0)
    script = "import sys; print('build', file=sys.stderr); print('ranks', file=sys.stderr); print('{\"a\": 1}')"
    told = []
    found = fullsize.measure(lambda *step: told.append(step), command=(sys.executable, "-c", script))
    assert found == json.loads('{"a": 1}')
    assert told == [("build", 0, 0), ("ranks", 1, 0)]


def test_a_process_that_fails_is_named_with_what_it_said_last(monkeypatch):
    monkeypatch.setattr(fullsize, "free_memory", lambda: 100.0)
    script = "import sys; print('build', file=sys.stderr); sys.exit(3)"
    with pytest.raises(EcoflapError, match=r"exit code 3 after: build\."):
        fullsize.measure(lambda *step: None, command=(sys.executable, "-c", script))


def test_free_memory_is_at_most_the_machines():
    assert 0 < phases.free_memory() <= phases.memory() * 1.01


def test_bandwidths_are_of_the_same_weights():
    found = bandwidth.measure("cpu", rows=64, cols=32, count=2, repeats=2)
    assert found["share"] == pytest.approx(found["apply_gb_s"] / found["copy_gb_s"])
