"""LAVIS's names and Hugging Face's: examples by hand, and every tensor of a checkpoint there and back."""

from pathlib import Path

import pytest
import torch

from ecoflap.formats.lavis_names import to_hf, to_lavis

RECORDED = Path(__file__).parents[1] / "lavis" / "recorded"
PAIRS = {
    "visual_encoder.blocks.3.attn.qkv.weight": "vision_model.encoder.layers.3.self_attn.qkv.weight",
    "visual_encoder.blocks.38.attn.proj": "vision_model.encoder.layers.38.self_attn.projection",
    "visual_encoder.blocks.0.mlp.fc1.bias": "vision_model.encoder.layers.0.mlp.fc1.bias",
    "visual_encoder.blocks.12.norm2.weight": "vision_model.encoder.layers.12.layer_norm2.weight",
    "visual_encoder.patch_embed.proj.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual_encoder.pos_embed": "vision_model.embeddings.position_embedding",
    "ln_vision.bias": "vision_model.post_layernorm.bias",
    "query_tokens": "query_tokens",
    "Qformer.bert.embeddings.LayerNorm.weight": "qformer.layernorm.weight",
    "Qformer.bert.encoder.layer.0.crossattention.self.key": "qformer.encoder.layer.0.crossattention.attention.key",
    "Qformer.bert.encoder.layer.1.attention.output.dense": "qformer.encoder.layer.1.attention.output.dense",
    "t5_proj.weight": "language_projection.weight",
    "t5_model.encoder.block.0.layer.0.SelfAttention.q": "language_model.encoder.block.0.layer.0.SelfAttention.q",
}


@pytest.mark.parametrize("lavis", PAIRS)
def test_names_as_both_libraries_have_them(lavis):
    assert to_hf(lavis) == PAIRS[lavis]
    assert to_hf(PAIRS[lavis]) == PAIRS[lavis]
    assert to_lavis(list(PAIRS.values()))[PAIRS[lavis]] == lavis


@pytest.mark.parametrize("name", ["blip2_t5", "blip2_opt"])
def test_every_name_of_a_checkpoint_goes_there_and_back(name):
    names = list(torch.load(RECORDED / f"{name}.pth", weights_only=True)["model"])
    there = [to_hf(name) for name in names]
    assert len(set(there)) == len(names)
    assert [to_lavis(there)[name] for name in there] == names


def test_names_of_other_models_stay():
    names = ["model.vision_tower.encoder.layers.0.self_attn.q_proj", "language_model.model.layers.0.mlp.up_proj"]
    assert to_lavis(names) == {name: name for name in names}
    assert [to_hf(name) for name in names] == names
    clip = ["vision_model.encoder.layers.0.self_attn.q_proj", "text_model.encoder.layers.0.mlp.fc1"]
    assert to_lavis(clip) == {name: name for name in clip}
