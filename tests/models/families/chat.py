"""Families whose processor brings a chat template: LLaVA-NeXT, Gemma 3, Mllama, and those of qwen.py and idefics.py."""

from pathlib import Path

import torch
import transformers as tf
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

from tests.models.families import idefics, qwen
from tests.models.families.common import TEXT, VISION, Family, numbers, save, tokenizer
from tests.models.families.turns import chat_template, generating

LLAMA = TEXT | {"num_key_value_heads": 1}


def llava_next(folder: Path) -> Path:
    """CLIP tower, projector and Llama; tiles of a picture and a view of the whole."""
    marks = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    chat = chat_template("<image>\n", "[INST] CONTENT [/INST]", "")
    words = tokenizer(marks, ("<image>", "[INST]", "[/INST]"), "<s> $A", chat_template=chat)
    grid = [[16, 32], [32, 16], [32, 32]]
    sizes = {"size": {"shortest_edge": 16}, "crop_size": {"height": 16, "width": 16}}
    pictures = tf.LlavaNextImageProcessorPil(**sizes, image_grid_pinpoints=grid)
    patches = {"patch_size": 8, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}
    processor = tf.LlavaNextProcessor(pictures, words, **patches, chat_template=chat)
    config = tf.LlavaNextConfig(
        vision_config=tf.CLIPVisionConfig(**VISION, image_size=16, patch_size=8),
        text_config=tf.LlamaConfig(**LLAMA, **numbers(words)),
        image_token_index=processor.image_token_id,
        image_grid_pinpoints=grid,
        image_seq_length=4,
        tie_word_embeddings=False,
    )
    return save(folder, tf.LlavaNextForConditionalGeneration(config), processor)


def gemma3(folder: Path) -> Path:
    """SigLIP, pooling projector and Gemma, one layer with a sliding window; image tokens see each other both ways."""
    marks = {"pad_token": "<pad>", "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>"}
    extra = {"image_token": "<image_soft_token>", "boi_token": "<start_of_image>", "eoi_token": "<end_of_image>"}
    turn = "<start_of_turn>user\nCONTENT<end_of_turn>\n"
    chat = chat_template("<start_of_image>", turn, "<start_of_turn>assistant\n", "<bos>")
    extra |= {"turn": "<start_of_turn>", "turned": "<end_of_turn>"}
    words = tokenizer(marks, extra, "<bos> $A", chat_template=chat)
    pictures = tf.Gemma3ImageProcessorPil(size={"height": 32, "width": 32})
    processor = tf.Gemma3Processor(pictures, words, chat, image_seq_length=4)
    kinds = ["sliding_attention", "full_attention"]
    text = LLAMA | numbers(words) | {"head_dim": 8, "query_pre_attn_scalar": 8}
    config = tf.Gemma3Config(
        vision_config=tf.SiglipVisionConfig(**VISION, image_size=32, patch_size=8, vision_use_head=False).to_dict(),
        text_config=tf.Gemma3TextConfig(**text, sliding_window=8, layer_types=kinds).to_dict(),
        mm_tokens_per_image=4,
        image_token_index=words.image_token_id,
        boi_token_index=words.boi_token_id,
        eoi_token_index=words.eoi_token_id,
    )
    save(folder, tf.Gemma3ForConditionalGeneration(config), processor)
    return generating(folder, eos_token_id=words.convert_tokens_to_ids(["<eos>", "<end_of_turn>"]))


def mllama(folder: Path) -> Path:
    """Llama with one layer that attends across to the picture's tiles; the image token is not replaced."""
    marks = {"pad_token": "<|pad|>", "bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>", "unk_token": "<unk>"}
    extra = ("<|image|>", "<|python_tag|>", "<|start_header_id|>", "<|end_header_id|>")
    opens = "<|start_header_id|>{}<|end_header_id|>\n\n"
    turn = opens.format("user") + "CONTENT<|eot_id|>"
    chat = chat_template("<|image|>", turn, opens.format("assistant"), "<|begin_of_text|>")
    words = tokenizer(marks, extra, "<|begin_of_text|> $A", chat_template=chat)
    pictures = tf.MllamaImageProcessorPil(size={"height": 16, "width": 16}, max_image_tiles=2)
    vision = MllamaVisionConfig(
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=2,
        num_global_layers=1,
        attention_heads=2,
        image_size=16,
        patch_size=8,
        max_num_tiles=2,
        vision_output_dim=48,
        intermediate_layers_indices=[0],
        supported_aspect_ratios=[[1, 1], [1, 2], [2, 1]],
    )
    text = MllamaTextConfig(
        **LLAMA | {"num_hidden_layers": 3}, **numbers(words), cross_attention_layers=[1], tie_word_embeddings=False
    )
    config = tf.MllamaConfig(
        vision_config=vision.to_dict(),
        text_config=text.to_dict(),
        image_token_index=words.convert_tokens_to_ids("<|image|>"),
        tie_word_embeddings=False,
    )
    model = tf.MllamaForConditionalGeneration(config)
    # Training opens these gates; a new model's are shut, and no picture passes.
    for name, gate in model.named_parameters():
        if name.endswith(("cross_attn_attn_gate", "cross_attn_mlp_gate")):
            torch.nn.init.ones_(gate)
    return save(folder, model, tf.MllamaProcessor(pictures, words, chat))


FAMILIES = (
    Family("LLaVA-NeXT", llava_next, "LlavaNextForConditionalGeneration"),
    Family("Qwen2-VL", qwen.qwen2_vl, "Qwen2VLForConditionalGeneration", ("torchvision",)),
    Family("Qwen2.5-VL", qwen.qwen2_5_vl, "Qwen2_5_VLForConditionalGeneration", ("torchvision",)),
    Family("Idefics3", idefics.idefics3, "Idefics3ForConditionalGeneration"),
    Family("SmolVLM", idefics.smolvlm, "SmolVLMForConditionalGeneration", ("torchvision", "num2words")),
    Family("Gemma 3", gemma3, "Gemma3ForConditionalGeneration"),
    Family("InternVL", qwen.internvl, "InternVLForConditionalGeneration", ("torchvision",)),
    Family("Mllama", mllama, "MllamaForConditionalGeneration"),
)
