"""Models of one tower, and of two that are compared: ViT, Swin, CLIP, SigLIP, T5 and Llama."""

from pathlib import Path
from typing import Any

import transformers as tf

from tests.models.families.common import TEXT, VISION, Family, drawn, numbers, save, tokenizer

MARKS = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
CHAT = "{% for turn in messages %}{{ turn.role }} : {{ turn.content }}\n{% endfor %}assistant :"
# The last two are one label, as the two cranes of ImageNet are.
LABELS = ("red", "white", "blue circle", "green square", "two, three", "green square")


def _classifier(folder: Path, kind: Any, config: tf.PreTrainedConfig, side: int = 16) -> Path:
    config.id2label = dict(enumerate(LABELS))
    config.label2id = {label: i for i, label in enumerate(LABELS)}
    drawn(kind(config)).save_pretrained(folder)
    tf.ViTImageProcessorPil(size={"height": side, "width": side}).save_pretrained(folder)
    return folder


def vit(folder: Path) -> Path:
    """ViT."""
    return _classifier(folder, tf.ViTForImageClassification, tf.ViTConfig(**VISION, image_size=16, patch_size=8))


def deit(folder: Path) -> Path:
    """DeiT, whose two heads are averaged."""
    config = tf.DeiTConfig(**VISION, image_size=16, patch_size=8)
    return _classifier(folder, tf.DeiTForImageClassificationWithTeacher, config)


def swin(folder: Path) -> Path:
    """Swin: two stages of two blocks, attention in windows."""
    config = tf.SwinConfig(image_size=32, patch_size=4, embed_dim=8, depths=[2, 2], num_heads=[2, 2], window_size=4)
    return _classifier(folder, tf.SwinForImageClassification, config, 32)


def clip(folder: Path) -> Path:
    """CLIP; the text's end token is where its embedding is read."""
    words = tokenizer(MARKS, template="<s> $A </s>", model_max_length=20)
    text = tf.CLIPTextConfig(**TEXT, **numbers(words), max_position_embeddings=20)
    vision = tf.CLIPVisionConfig(**VISION, image_size=16, patch_size=8)
    config = tf.CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=12)
    pictures = tf.CLIPImageProcessorPil(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    return _two_towers(folder, tf.CLIPModel(config), tf.CLIPProcessor(pictures, words))


def siglip(folder: Path) -> Path:
    """SigLIP: no attention mask, texts of full length, and an embedding read at their last place."""
    words = tokenizer(MARKS, template="$A </s>", model_input_names=["input_ids"], model_max_length=20)
    sides = VISION | {"hidden_size": 16}
    text = tf.SiglipTextConfig(**TEXT, **numbers(words), max_position_embeddings=20)
    vision = tf.SiglipVisionConfig(**sides, image_size=16, patch_size=8)
    config = tf.SiglipConfig(text_config=text.to_dict(), vision_config=vision.to_dict())
    pictures = tf.SiglipImageProcessorPil(size={"height": 16, "width": 16})
    return _two_towers(folder, tf.SiglipModel(config), tf.SiglipProcessor(pictures, words))


def _two_towers(folder: Path, model: tf.PreTrainedModel, processor: tf.ProcessorMixin) -> Path:
    drawn(model).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


class _Words:
    """A tokenizer where a processor is expected."""

    def __init__(self, words: tf.PreTrainedTokenizerFast) -> None:
        self.tokenizer = words
        self.save_pretrained = words.save_pretrained


def t5(folder: Path) -> Path:
    """T5: an encoder and a decoder."""
    words = tokenizer(MARKS, template="$A </s>")
    sides = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
    config = tf.T5Config(**sides, **numbers(words), feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    return save(folder, tf.T5ForConditionalGeneration(config), _Words(words))


def llama(folder: Path) -> Path:
    """Llama: a decoder, without a chat template."""
    return _llama(folder)


def llama_chat(folder: Path) -> Path:
    """Llama with a chat template and without a padding token."""
    return _llama(folder, chat_template=CHAT)


def _llama(folder: Path, **settings: str) -> Path:
    words = tokenizer(MARKS, template="<s> $A", **settings)
    config = tf.LlamaConfig(**TEXT, **numbers(words), num_key_value_heads=1, tie_word_embeddings=False)
    return save(folder, tf.LlamaForCausalLM(config), _Words(words))


TOWERS = (
    Family("ViT", vit, "ViTForImageClassification"),
    Family("DeiT", deit, "DeiTForImageClassificationWithTeacher"),
    Family("Swin", swin, "SwinForImageClassification"),
    Family("CLIP", clip, "CLIPModel"),
    Family("SigLIP", siglip, "SiglipModel"),
    Family("T5", t5, "T5ForConditionalGeneration"),
    Family("Llama", llama, "LlamaForCausalLM"),
    Family("Llama chat", llama_chat, "LlamaForCausalLM"),
)
