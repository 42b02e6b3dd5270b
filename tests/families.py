"""Tiny random LLaVA and Qwen2-VL models with batches made by hand: architectures that the folder models do not show."""

import torch
import transformers as tf

from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Task
from ecoflap.models.discovery import discover

SIDE = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
WORDS, IMAGE = 40, 30
QUESTION, ANSWER = [5, 6, 7], [8, 9, 10, 1]


def llava():
    """CLIP tower, projector and Llama, with a batch of two samples: 4 image tokens each, all but the class token."""
    vision = tf.CLIPVisionConfig(**SIDE, image_size=16, patch_size=8)
    config = tf.LlavaConfig(vision_config=vision, text_config=text(), image_token_id=IMAGE)
    batch = tokens(4) | {"pixel_values": torch.randn(2, 3, 16, 16, generator=generator())}
    return drawn(tf.LlavaForConditionalGeneration(config)), batch


def qwen2_vl():
    """Qwen2-VL with a batch of two samples: pictures of 4 by 4 patches, merged to 4 image tokens each."""
    config = tf.Qwen2VLConfig(
        text_config=text().to_dict() | {"rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2]}},
        vision_config={"depth": 2, "embed_dim": 16, "hidden_size": 16, "num_heads": 2, "mlp_ratio": 2, "patch_size": 4},
        image_token_id=IMAGE,
        vision_start_token_id=IMAGE + 1,
        vision_end_token_id=IMAGE + 2,
        video_token_id=IMAGE + 3,
    )
    patches = torch.randn(2 * 16, 3 * 2 * 4 * 4, generator=generator())
    batch = tokens(4) | {"pixel_values": patches, "image_grid_thw": torch.tensor([[1, 4, 4]] * 2)}
    batch["mm_token_type_ids"] = (batch["input_ids"] == IMAGE).int()
    return drawn(tf.Qwen2VLForConditionalGeneration(config)), batch


def text():
    return tf.LlamaConfig(**SIDE, num_key_value_heads=1, vocab_size=WORDS, pad_token_id=0, tie_word_embeddings=False)


def generator():
    return torch.Generator().manual_seed(0)


def drawn(model):
    """The model with weights large enough that every one of them matters to the loss."""
    source = generator()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.3, generator=source)
    return model.eval().requires_grad_(False)


def tokens(pictures):
    """Image tokens, question and answer of two samples, the second shorter by one; only the answer counts."""
    rows = [[IMAGE + 1] + [IMAGE] * pictures + [IMAGE + 2] + QUESTION + ANSWER for _ in range(2)]
    ids, labels = torch.tensor(rows), torch.tensor(rows)
    labels[:, : -len(ANSWER)] = -100
    ids[1, -1], labels[1, -1] = 0, -100
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": labels}


def task_of(model, batch, **settings):
    """A scoring task of a transformers model on one batch, by the library's own loss, in the model's type."""
    found = discover(model)
    blocks = {layer.block: model.get_submodule(layer.block) for layer in found.layers}
    return Task(found.layers, found.linears, blocks, lambda batch: model(**batch).loss, [batch], Settings(**settings))
