"""Families that were tried only after the rules for finding and asking models had been written."""

from functools import partial
from pathlib import Path

import transformers as tf

from tests.models.families import qwen
from tests.models.families.common import TEXT, VISION, Family, numbers, save, tokenizer
from tests.models.families.turns import chat_template

LLAMA = TEXT | {"num_key_value_heads": 1}
MARKS = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
SQUARE = {"size": {"height": 16, "width": 16}}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "decoder_sparse_step": 1}


def qwen3_vl(experts: bool, folder: Path) -> Path:
    """Qwen3-VL: outputs of the vision tower's blocks go into the language model's too; with or without experts."""
    words = qwen.qwen_words()
    vision = {"depth": 2, "num_heads": 2, "patch_size": 8, "hidden_size": 24, "intermediate_size": 40}
    vision |= {"out_hidden_size": 16, "deepstack_visual_indexes": [0], "num_position_embeddings": 16}
    text = qwen.text(words) | {"head_dim": 8} | (EXPERTS if experts else {})
    kind = tf.Qwen3VLMoeConfig if experts else tf.Qwen3VLConfig
    config = kind(text_config=text, vision_config=vision, tie_word_embeddings=False, **qwen.marks(words))
    pictures, films = tf.Qwen2VLImageProcessorPil(**qwen.PATCHES), tf.Qwen3VLVideoProcessor(**qwen.PATCHES)
    model = (tf.Qwen3VLMoeForConditionalGeneration if experts else tf.Qwen3VLForConditionalGeneration)(config)
    return save(folder, model, tf.Qwen3VLProcessor(pictures, words, films, words.chat_template))


def siglip() -> dict:
    """A tiny SigLIP over pictures of 16 by 16."""
    return tf.SiglipVisionConfig(**VISION, image_size=16, patch_size=8, vision_use_head=False).to_dict()


def llava_onevision(folder: Path) -> Path:
    """LLaVA-OneVision: SigLIP, tiles of any number, Qwen2."""
    chat = chat_template("<image>\n", "user: CONTENT</s>", "assistant: ", "<s>")
    words = tokenizer(MARKS, ("<image>", "<video>"), chat_template=chat)
    grid = [[16, 16], [16, 32], [32, 16], [32, 32]]
    processor = tf.LlavaOnevisionProcessor(
        tf.LlavaOnevisionImageProcessorPil(**SQUARE, image_grid_pinpoints=grid),
        words,
        tf.LlavaOnevisionVideoProcessor(**SQUARE),
        num_image_tokens=4,
        vision_feature_select_strategy="full",
        chat_template=chat,
    )
    config = tf.LlavaOnevisionConfig(
        vision_config=siglip(),
        text_config=tf.Qwen2Config(**LLAMA, **numbers(words)).to_dict(),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        video_token_index=words.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=grid,
        tie_word_embeddings=False,
    )
    return save(folder, tf.LlavaOnevisionForConditionalGeneration(config), processor)


def mistral3(folder: Path) -> Path:
    """Mistral 3: Pixtral over pictures of any size, patches merged by four, Mistral."""
    chat = chat_template("[IMG]", "[INST]CONTENT[/INST]", "", "<s>")
    words = tokenizer(MARKS, ("[IMG]", "[IMG_BREAK]", "[IMG_END]", "[INST]", "[/INST]"), chat_template=chat)
    pictures = tf.PixtralImageProcessorPil(size={"longest_edge": 32}, patch_size={"height": 8, "width": 8})
    processor = tf.PixtralProcessor(pictures, words, patch_size=8, spatial_merge_size=2, chat_template=chat)
    config = tf.Mistral3Config(
        vision_config=tf.PixtralVisionConfig(**VISION, image_size=32, patch_size=8, head_dim=12).to_dict(),
        text_config=tf.MistralConfig(**LLAMA, **numbers(words), head_dim=8).to_dict(),
        image_token_index=words.convert_tokens_to_ids("[IMG]"),
        spatial_merge_size=2,
        vision_feature_layer=-1,
        tie_word_embeddings=False,
    )
    return save(folder, tf.Mistral3ForConditionalGeneration(config), processor)


def aya_vision(folder: Path) -> Path:
    """Aya Vision: SigLIP, pixel shuffle, Cohere 2."""
    names = ("start_of_img", "end_of_img", "img_patch", "img_line_break", "tile", "tile_global")
    said = {f"{name}_token": f"<|{name.upper()}|>" for name in names} | {"image_token": "<image>"}
    chat = chat_template("<image>", "user: CONTENT</s>", "assistant: ", "<s>")
    words = tokenizer(MARKS, said, chat_template=chat)
    pictures = tf.GotOcr2ImageProcessorPil(**SQUARE, crop_to_patches=False)
    sizes = {"patch_size": 8, "img_size": 16, "downsample_factor": 2}
    config = tf.AyaVisionConfig(
        vision_config=siglip(),
        text_config=tf.Cohere2Config(**LLAMA, **numbers(words), sliding_window=8).to_dict(),
        image_token_index=words.convert_tokens_to_ids("<|IMG_PATCH|>"),
        downsample_factor=2,
    )
    processor = tf.AyaVisionProcessor(pictures, words, **sizes, **said, chat_template=chat)
    return save(folder, tf.AyaVisionForConditionalGeneration(config), processor)


FAMILIES = (
    Family("Qwen3-VL", partial(qwen3_vl, False), "Qwen3VLForConditionalGeneration", ("torchvision",)),
    Family("Qwen3-VL (experts)", partial(qwen3_vl, True), "Qwen3VLMoeForConditionalGeneration", ("torchvision",)),
    Family("LLaVA-OneVision", llava_onevision, "LlavaOnevisionForConditionalGeneration", ("torchvision",)),
    Family("Mistral 3", mistral3, "Mistral3ForConditionalGeneration", ("torchvision",)),
    Family("Aya Vision", aya_vision, "AyaVisionForConditionalGeneration"),
)
