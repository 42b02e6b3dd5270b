"""Towers, blocks and bridges of published architectures in their real sizes, built without weights."""

import pytest
import torch
import transformers as tf

from ecoflap.models.discovery import discover
from ecoflap.models.huggingface import open_model
from ecoflap.types import Loading
from ecoflap.types.layer import MODALITIES
from tests.models.families.common import TEXT, VISION, save
from tests.models.families.plain import PICTURE, SQUARE, bert_words
from tests.tiny import samples

# Class and configuration, then matrices and blocks of the vision tower, the bridge and the language model.
PUBLISHED = {
    "blip-2": (tf.Blip2ForConditionalGeneration, tf.Blip2Config, (156, 39), (97, 13), (72, 12)),
    "llava": (tf.LlavaForConditionalGeneration, tf.LlavaConfig, (144, 24), (2, 2), (224, 32)),
    "qwen2-vl": (tf.Qwen2VLForConditionalGeneration, tf.Qwen2VLConfig, (128, 32), (2, 2), (560, 80)),
    "qwen3-vl": (tf.Qwen3VLForConditionalGeneration, tf.Qwen3VLConfig, (108, 27), (8, 5), (224, 32)),
    "pix2struct": (tf.Pix2StructForConditionalGeneration, tf.Pix2StructConfig, (84, 12), (0, 0), (132, 12)),
    "t5gemma2": (tf.T5Gemma2ForConditionalGeneration, tf.T5Gemma2Config, (72, 12), (0, 0), (364, 52)),
    "florence-2": (tf.Florence2ForConditionalGeneration, tf.Florence2Config, (96, 12), (1, 1), (192, 24)),
    "mllama": (tf.MllamaForConditionalGeneration, tf.MllamaConfig, (240, 40), (1, 1), (280, 40)),
    "git": (tf.GitForCausalLM, tf.GitConfig, (72, 12), (0, 0), (36, 6)),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_tower_is_found_in_its_real_size(name):
    kind, config, *wanted = PUBLISHED[name]
    with torch.device("meta"):
        found = discover(kind(config()))
    blocks = {modality: [part.block for part in found.layers if part.modality == modality] for modality in MODALITIES}
    assert {key: (len(each), len(set(each))) for key, each in blocks.items()} == dict(zip(MODALITIES, wanted))


def test_experts_that_are_no_matrices_are_counted_and_not_pruned():
    with torch.device("meta"):
        model = tf.Qwen3VLMoeForConditionalGeneration(tf.Qwen3VLMoeConfig())
    found = discover(model)
    experts = [p.numel() for name, p in model.named_parameters() if ".experts." in name and p.dim() == 3]
    assert dict(found.dense)["experts"] == sum(experts) > 10**10
    assert not any("expert" in layer.name for layer in found.layers)


def git(folder):
    """GIT, which puts the picture before the tokens itself and predicts over both."""
    words = bert_words()
    marks = {"vocab_size": len(words), "bos_token_id": words.cls_token_id, "eos_token_id": words.sep_token_id}
    config = tf.GitConfig(vision_config=VISION | PICTURE, **TEXT, **marks, max_position_embeddings=64)
    pictures = tf.CLIPImageProcessor(**SQUARE, do_center_crop=False)
    return save(folder, tf.GitForCausalLM(config), tf.GitProcessor(pictures, words))


def test_a_family_that_no_rule_was_made_for(tmp_path):
    model = open_model(str(git(tmp_path)), Loading("cpu"))
    assert "Vision tower (git.image_encoder.vision_model): prunable matrices 12, blocks 2." in model.found
    together = model.losses(model.encode(samples()))[0].tolist()
    for sample, loss in zip(samples(), together):
        batch = model.encode([sample])
        assert float(model.losses(batch)[0]) == pytest.approx(loss, rel=1e-5)
        with torch.inference_mode():
            own = float(model.module(**batch).loss)
        assert float(model.loss(batch)) == pytest.approx(own, rel=1e-4)
    for sample, answer in zip(samples(), model.answer(samples(), 4)):
        assert model.answer([sample], 4)[0].tokens == answer.tokens
