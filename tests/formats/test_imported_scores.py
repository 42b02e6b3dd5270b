"""Scores of the public code: names, shapes, sums; nothing is executed; its own allocation comes out."""

import json
import logging
import pickle
from dataclasses import replace

import pytest
import torch

from ecoflap.allocation import allocate
from ecoflap.errors import EcoflapError
from ecoflap.formats.pth import read_pth
from ecoflap.formats.scores import imported_scores
from ecoflap.types import Recipe, ScoreBundle
from tests.pickles import Dangerous
from tests.tiny import bundle

LAYERS = bundle(
    ("vision_model.encoder.layers.0.self_attn.qkv", "vision_model.encoder.layers.0", "vision", 6, 2, 0.0),
    ("qformer.encoder.layer.0.attention.attention.key", "qformer.encoder.layer.0", "bridge", 2, 2, 0.0),
    ("language_model.encoder.block.0.layer.1.DenseReluDense.wo", "language_model.block", "language", 2, 4, 0.0),
).layers
SCORES = {
    "visual_encoder.blocks.0.attn.qkv.weight": 0.25,
    "t5_model.encoder.block.0.layer.1.DenseReluDense.wo.weight": torch.tensor(3.0),
}


def saved(tmp_path, value):
    torch.save(value, tmp_path / "x.pth")
    return tmp_path / "x.pth"


def test_scores_are_put_to_the_models_layers(tmp_path):
    found = imported_scores(saved(tmp_path, SCORES), "m", LAYERS)
    assert [(layer.name, layer.rows, layer.cols, layer.score) for layer in found.layers] == [
        (LAYERS[0].name, 6, 2, 0.25),
        (LAYERS[2].name, 2, 4, 3.0),
    ]
    assert (found.model, found.method) == ("m", "imported from x.pth")


def test_a_score_for_every_weight_counts_as_their_sum(tmp_path):
    values = SCORES | {"visual_encoder.blocks.0.attn.qkv.weight": torch.full((6, 2), 0.5, dtype=torch.bfloat16)}
    assert imported_scores(saved(tmp_path, values), "m", LAYERS).layers[0].score == 6.0


def test_names_that_fit_nothing_are_told(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        imported_scores(saved(tmp_path, SCORES | {"t5_model.shared.weight": 1.0, "x": 2.0}), "m", LAYERS)
    assert "2 names in" in caplog.text
    assert "t5_model.shared.weight" in caplog.text


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([1.0], "holds no scores: found list"),
        ({}, "holds no scores: found dict"),
        ({"visual_encoder.blocks.0.attn.qkv.weight": "high"}, "holds no scores: found vision_model"),
        ({"visual_encoder.blocks.0.attn.qkv.weight": 10**400}, "qkv: int too large to convert to float. It has"),
        ({"visual_encoder.blocks.0.attn.qkv.weight": torch.ones(2, device="meta")}, "holds no scores: found vision_"),
        ({"visual_encoder.blocks.0.attn.qkv.weight": -1.0}, "has the score -1.0"),
        ({"visual_encoder.blocks.0.attn.qkv.weight": float("nan")}, "has the score nan"),
        ({"visual.blocks.0.attn.qkv.weight": 1.0}, "names no layer of this model"),
    ],
)
def test_what_holds_no_scores_gets_one_sentence(value, sentence, tmp_path):
    with pytest.raises(EcoflapError) as caught:
        imported_scores(saved(tmp_path, value), "m", LAYERS)
    assert sentence in str(caught.value)


def test_a_missing_layer_is_an_error(tmp_path):
    two = (*LAYERS, replace(LAYERS[2], name="language_model.encoder.block.1.layer.1.DenseReluDense.wo"))
    with pytest.raises(
        EcoflapError, match=r"lacks 1 layers of this model; the first is language_model.encoder.block.1"
    ):
        imported_scores(saved(tmp_path, SCORES), "m", two)


@pytest.mark.parametrize("zipped", [True, False])
def test_opening_a_file_executes_nothing(zipped, tmp_path):
    trace = tmp_path / "executed"
    path = tmp_path / "x.pth"
    torch.save({"model": Dangerous(trace)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(EcoflapError, match="was not opened"):
        read_pth(path)
    assert not trace.exists()
    path.write_bytes(pickle.dumps(Dangerous(trace)))
    with pytest.raises(EcoflapError):
        read_pth(path)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04 cut"])
def test_a_damaged_file_gets_one_sentence(content, tmp_path):
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(EcoflapError) as caught:
        read_pth(tmp_path / "x.pth")
    assert "\n" not in str(caught.value)


def test_a_cut_file_and_a_missing_one_get_one_sentence(tmp_path):
    path = saved(tmp_path, SCORES)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(EcoflapError, match="no PyTorch file that can be read"):
        read_pth(path)
    with pytest.raises(EcoflapError, match="cannot be read: No such file"):
        read_pth(tmp_path / "none.pth")


@pytest.mark.parametrize("case", range(2))
def test_the_public_scores_give_the_public_allocation(case, reference, tmp_path):
    """As importance_scores/*.pth has them, on the shapes of a real BLIP-2 under Hugging Face's names."""
    from transformers import Blip2ForConditionalGeneration

    from ecoflap.models.discovery import discover
    from ecoflap.validation.blip2 import XL, configuration

    wanted = json.loads((reference / "allocations.json").read_text())["cases"][case]
    public = ScoreBundle.read(reference / wanted["scores"])
    path = saved(tmp_path, {f"{layer.name}.weight": layer.score for layer in public.layers})
    with torch.device("meta"):
        model = Blip2ForConditionalGeneration(configuration(XL))
    found = imported_scores(path, "BLIP-2", discover(model).layers)
    assert [(layer.rows, layer.cols, layer.score) for layer in found.layers] == [
        (layer.rows, layer.cols, layer.score) for layer in public.layers
    ]
    options = {name: wanted[name] for name in ("target", "max_sparsity", "granularity", "aggregate")}
    groups = allocate(found, Recipe(**options)).groups()
    assert list(groups.values()) == pytest.approx(list(wanted["sparsity"].values()), abs=1e-5)
