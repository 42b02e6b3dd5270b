"""Idefics3 and SmolVLM: pictures in tiles, each tile's patches shuffled into few image tokens."""

from pathlib import Path

import transformers as tf

from tests.models.families.common import TEXT, VISION, numbers, save, tokenizer
from tests.models.families.turns import chat_template

# Tiles of 16 by 16 pixels; a picture's longest side is two of them.
TILES = {"size": {"longest_edge": 32}, "max_image_size": {"longest_edge": 16}}


def _words() -> tf.PreTrainedTokenizerFast:
    """A tokenizer with a mark for every tile of a picture."""
    marks = {"pad_token": "<|im_end|>", "bos_token": "<|im_start|>", "eos_token": "<end_of_utterance>"}
    extra = {"image_token": "<image>", "fake_image_token": "<fake_token_around_image>"}
    extra |= {"global_image_token": "<global-img>", "end_of_utterance_token": "<end_of_utterance>"}
    extra |= {f"tile_{row}_{col}": f"<row_{row}_col_{col}>" for row in (1, 2) for col in (1, 2)}
    chat = chat_template("<image>", "user:CONTENT<end_of_utterance>\n", "assistant:", "<|im_start|>")
    return tokenizer(marks | {"unk_token": "<unk>"}, extra, chat_template=chat)


def _parts(words: tf.PreTrainedTokenizerFast) -> dict:
    """Configuration of everything but the vision tower; four patches become one image token."""
    return {
        "text_config": tf.LlamaConfig(**TEXT, num_key_value_heads=1, **numbers(words)).to_dict(),
        "image_token_id": words.convert_tokens_to_ids("<image>"),
        "pad_token_id": words.pad_token_id,
        "scale_factor": 2,
        "tie_word_embeddings": False,
    }


def idefics3(folder: Path) -> Path:
    """A vision tower like SigLIP's, pixel shuffle and Llama."""
    words = _words()
    pictures = tf.Idefics3ImageProcessorPil(**TILES)
    processor = tf.Idefics3Processor(pictures, words, image_seq_len=1, chat_template=words.chat_template)
    vision = tf.Idefics3VisionConfig(**VISION, image_size=16, patch_size=8).to_dict()
    config = tf.Idefics3Config(vision_config=vision, **_parts(words))
    return save(folder, tf.Idefics3ForConditionalGeneration(config), processor)


def smolvlm(folder: Path) -> Path:
    """As Idefics3, with a processor that takes films too."""
    words = _words()
    films = tf.SmolVLMVideoProcessor(
        **TILES, num_frames=2, fps=1, video_sampling={"video_size": {"longest_edge": 16}, "max_frames": 2, "fps": 1}
    )
    pictures = tf.SmolVLMImageProcessorPil(**TILES)
    processor = tf.SmolVLMProcessor(pictures, words, films, image_seq_len=1, chat_template=words.chat_template)
    vision = tf.SmolVLMVisionConfig(**VISION, image_size=16, patch_size=8).to_dict()
    config = tf.SmolVLMConfig(vision_config=vision, **_parts(words))
    return save(folder, tf.SmolVLMForConditionalGeneration(config), processor)
