"""Tensor names of several model families in words."""

import pytest

from ecoflap.types import Layer
from ecoflap.ui.naming import group_words, layer_words, place_of

KNOWN = [
    ("vision", "visual_encoder.blocks.0", "attn.qkv", "Vision, block 1: attention, query+key+value"),
    ("vision", "vision_model.encoder.layers.5", "self_attn.projection", "Vision, block 6: attention, output"),
    ("vision", "vision_tower.encoder.layers.2", "self_attn.q_proj", "Vision, block 3: attention, query"),
    ("vision", "vision_tower.encoder.layers.2", "self_attn.out_proj", "Vision, block 3: attention, output"),
    ("vision", "vision_model.encoder.layers.1", "mlp.fc2", "Vision, block 2: feed-forward, down"),
    ("bridge", "qformer.encoder.layer.1", "attention.attention.query", "Bridge Q-Former, block 2: attention, query"),
    ("bridge", "qformer.encoder.layer.1", "attention.output.dense", "Bridge Q-Former, block 2: attention, output"),
    (
        "bridge",
        "qformer.encoder.layer.0",
        "crossattention.attention.key",
        "Bridge Q-Former, block 1: cross-attention, key",
    ),
    ("bridge", "qformer.encoder.layer.0", "intermediate_query.dense", "Bridge Q-Former, block 1: feed-forward, up"),
    ("bridge", "qformer.encoder.layer.0", "output_query.dense", "Bridge Q-Former, block 1: feed-forward, down"),
    (
        "language",
        "t5_model.encoder.block.9",
        "layer.0.SelfAttention.o",
        "Language encoder, block 10: attention, output",
    ),
    (
        "language",
        "t5_model.decoder.block.2",
        "layer.1.EncDecAttention.v",
        "Language decoder, block 3: cross-attention, value",
    ),
    (
        "language",
        "t5_model.decoder.block.2",
        "layer.2.DenseReluDense.wi_0",
        "Language decoder, block 3: feed-forward, gate",
    ),
    (
        "language",
        "t5_model.decoder.block.2",
        "layer.2.DenseReluDense.wi_1",
        "Language decoder, block 3: feed-forward, up",
    ),
    (
        "language",
        "t5_model.decoder.block.2",
        "layer.2.DenseReluDense.wo",
        "Language decoder, block 3: feed-forward, down",
    ),
    ("vision", "vit.layers.3", "mlp.fc2", "Vision, block 4: feed-forward, down"),
    (
        "vision",
        "swin.encoder.layers.1.blocks.0",
        "attention.q_proj",
        "Vision stage 2, block 1: attention, query",
    ),
    ("vision", "swin.encoder.layers.0.downsample", "reduction", "Vision stage 1: reduction"),
    ("language", "text_decoder.bert.encoder.layer.0", "output.dense", "Language decoder, block 1: feed-forward, down"),
    ("language", "model.language_model.layers.0", "mlp.gate_proj", "Language, block 1: feed-forward, gate"),
    (
        "bridge",
        "qformer.encoder.layer.0",
        "intermediate.dense",
        "Bridge Q-Former, block 1: feed-forward, up (question)",
    ),
    ("bridge", "qformer.encoder.layer.0", "output_query.dense", "Bridge Q-Former, block 1: feed-forward, down"),
    ("vision", "vision_model.global_transformer.layers.1", "mlp.fc1", "Vision global, block 2: feed-forward, up"),
    (
        "vision",
        "vision_tower.blocks.0.0",
        "channel_block.channel_attn.qkv",
        "Vision stage 1, block 1: channel attention, query+key+value",
    ),
    ("language", "model.language_model.layers.0", "mlp.odd_one", "Language, block 1: mlp.odd_one"),
]


@pytest.mark.parametrize(("modality", "block", "inside", "words"), KNOWN)
def test_layers_in_words(modality, block, inside, words):
    assert layer_words(Layer(f"{block}.{inside}", block, modality, 2, 2)) == words


def test_a_layer_outside_blocks_keeps_its_name():
    layer = Layer("language_projection", "language_projection", "bridge", 2, 2)
    assert place_of(layer).depth is None
    assert layer_words(layer) == "Bridge projection: projection"


BRIDGES = [
    ("model.multi_modal_projector.linear_1", "projection 1: projection"),
    ("model.multi_modal_projector.linear_2", "projection 2: projection"),
    ("model.multi_modal_projector.image_projection", "projection: projection"),
    ("model.multi_modal_projector", "projection: projection"),
    ("model.connector.modality_projection.proj", "projection: projection"),
    ("model.connector.modality_projection.gate_proj", "projection: feed-forward, gate"),
    ("visual_projection", "vision projection: projection"),
    ("text_projection", "text projection: projection"),
    ("model.visual.merger.mlp.2", "merger, block 3: projection"),
    ("model.visual.merger.linear_fc1", "merger: feed-forward, up"),
    ("model.multi_modal_projector.patch_merger.merging_layer", "patch merger: projection"),
    ("projector.fc_in", "projection fc in: projection"),
    ("something.odd_one", "odd one: projection"),
]


@pytest.mark.parametrize(("name", "words"), BRIDGES)
def test_matrices_between_the_towers_have_words(name, words):
    assert layer_words(Layer(name, name, "bridge", 2, 2)) == f"Bridge {words}"


def test_a_list_of_mergers_has_words():
    block = "model.visual.deepstack_merger_list.0"
    words = layer_words(Layer(f"{block}.linear_fc2", block, "bridge", 2, 2))
    assert words == "Bridge merger, block 1: feed-forward, down"


def test_every_reference_matrix_has_words(reference):
    from ecoflap.types import ScoreBundle

    bundle = ScoreBundle.read(reference / "blip2-flant5xl-local-wanda.json")
    assert all(place_of(layer).part != "other" for layer in bundle.layers)
    assert len({layer_words(layer) for layer in bundle.layers}) == 588


def test_groups_in_words():
    layer = Layer("visual_encoder.blocks.0.attn.qkv", "visual_encoder.blocks.0", "vision", 2, 2)
    assert group_words([layer], "model") == {"vision": "Vision"}
    assert group_words([layer], "block") == {"visual_encoder.blocks.0": "Vision, block 1"}
    assert group_words([layer], "layer") == {layer.name: "Vision, block 1: attention, query+key+value"}
