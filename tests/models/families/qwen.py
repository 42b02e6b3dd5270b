"""Qwen2-VL, Qwen2.5-VL and InternVL: pictures of any size, and the chat marks of Qwen."""

from pathlib import Path

import transformers as tf

from tests.models.families.common import TEXT, VISION, numbers, save, tokenizer
from tests.models.families.turns import chat_template, generating

MARKS = {"pad_token": "<|endoftext|>", "eos_token": "<|im_end|>", "unk_token": "<unk>"}
PADS = ("vision_start", "vision_end", "image_pad", "video_pad")
LLAMA = TEXT | {"num_key_value_heads": 1}
# From 2 by 2 to 6 by 6 patches of 8 pixels; four of them become one image token.
PATCHES = {"size": {"shortest_edge": 16**2, "longest_edge": 48**2}, "patch_size": 8, "merge_size": 2}


# What the published models say of sampling; greedy answers take only the penalty from it.
SAMPLING = {"do_sample": True, "temperature": 0.1, "top_k": 1, "top_p": 0.001, "repetition_penalty": 1.05}


def _chat(image: str) -> str:
    return chat_template(image, "<|im_start|>user\nCONTENT<|im_end|>\n", "<|im_start|>assistant\n")


def qwen_words() -> tf.PreTrainedTokenizerFast:
    """The tokenizer of Qwen2-VL and Qwen2.5-VL."""
    chat = _chat("<|vision_start|><|image_pad|><|vision_end|>")
    return tokenizer(MARKS, ("<|im_start|>", *(f"<|{name}|>" for name in PADS)), chat_template=chat)


def text(words: tf.PreTrainedTokenizerFast) -> dict:
    """Configuration of the language model: positions in time, height and width."""
    return LLAMA | numbers(words) | {"rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2]}}


def marks(words: tf.PreTrainedTokenizerFast) -> dict[str, int]:
    """Ids that the configuration names."""
    ids = {name.removesuffix("_pad"): words.convert_tokens_to_ids(f"<|{name}|>") for name in PADS}
    return {f"{name}_token_id": number for name, number in ids.items()}


def _parts(words: tf.PreTrainedTokenizerFast) -> tuple:
    """What a processor is made of."""
    return tf.Qwen2VLImageProcessorPil(**PATCHES), words, tf.Qwen2VLVideoProcessor(**PATCHES), words.chat_template


def qwen2_vl_model(words: tf.PreTrainedTokenizerFast) -> tf.PreTrainedModel:
    """Whole attention in every block of the vision tower."""
    vision = {"depth": 2, "num_heads": 2, "patch_size": 8, "embed_dim": 24, "hidden_size": 16, "mlp_ratio": 2}
    config = tf.Qwen2VLConfig(text_config=text(words), vision_config=vision, tie_word_embeddings=False, **marks(words))
    return tf.Qwen2VLForConditionalGeneration(config)


def qwen2_vl(folder: Path) -> Path:
    """Qwen2-VL with its processor, which cannot be made without torchvision."""
    words = qwen_words()
    return save(folder, qwen2_vl_model(words), tf.Qwen2VLProcessor(*_parts(words)))


def qwen2_5_vl(folder: Path) -> Path:
    """One block of the vision tower with attention in windows, one with whole attention."""
    words = qwen_words()
    vision = {"depth": 2, "num_heads": 2, "patch_size": 8, "hidden_size": 24, "intermediate_size": 40}
    vision |= {"out_hidden_size": 16, "window_size": 16, "fullatt_block_indexes": [1]}
    config = tf.Qwen2_5_VLConfig(
        text_config=text(words), vision_config=vision, tie_word_embeddings=False, **marks(words)
    )
    save(folder, tf.Qwen2_5_VLForConditionalGeneration(config), tf.Qwen2_5_VLProcessor(*_parts(words)))
    return generating(folder, **SAMPLING, eos_token_id=[words.eos_token_id, words.pad_token_id])


def internvl(folder: Path) -> Path:
    """InternViT, pixel shuffle and Qwen2; wide pictures in two tiles and a whole view."""
    named = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
    named |= {"video_token": "<video>", "turn": "<|im_start|>"}
    words = tokenizer(MARKS, named, chat_template=_chat("<IMG_CONTEXT>\n"))
    size = {"height": 16, "width": 16}
    pictures = tf.GotOcr2ImageProcessorPil(size=size, crop_to_patches=True, min_patches=1, max_patches=2)
    films = tf.InternVLVideoProcessor(size=size)
    processor = tf.InternVLProcessor(pictures, words, films, image_seq_length=1, chat_template=words.chat_template)
    config = tf.InternVLConfig(
        vision_config=tf.InternVLVisionConfig(**VISION, image_size=[16, 16], patch_size=[8, 8]).to_dict(),
        text_config=tf.Qwen2Config(**LLAMA, **numbers(words)).to_dict(),
        image_token_id=words.context_image_token_id,
        image_seq_length=1,
        tie_word_embeddings=False,
    )
    return save(folder, tf.InternVLForConditionalGeneration(config), processor)
