"""Folders that a recorded checkpoint of LAVIS is opened with: the tiny BLIP-2's of Hugging Face in the same shapes."""

from pathlib import Path

import transformers as tf
from tokenizers import Tokenizer, models, pre_tokenizers, processors

RECORDED = Path(__file__).parents[1] / "lavis" / "recorded"
KNOWN = ["what", "is", "there", "a", "red", "blue", "green", "circle", "square", "yes", "no", "two", "?"]
# LAVIS's words, of which one that no question has stands for the picture.
WORDS = {
    "blip2_t5": ["<pad>", "</s>", "<image>", *KNOWN],
    "blip2_opt": ["<image>", "<pad>", "</s>", *KNOWN],
}
SIDE = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "tie_word_embeddings": False}
OPT = SIDE | {"ffn_dim": 32, "word_embed_proj_dim": 16, "max_position_embeddings": 256}


def spec(name: str, base: Path, file: Path | None = None) -> str:
    """What `--model` takes: a checkpoint, by default the recorded one, with `base`."""
    return f"lavis-checkpoint:{file or RECORDED / f'{name}.pth'}@{base}"


def save_base(folder: Path, name: str, words: list[str] | None = None) -> Path:
    """Write configuration, tokenizer and processor of `name`, blip2_t5 or blip2_opt, to `folder`; no weights."""
    words = words or WORDS[name]
    vision = {"hidden_size": 24, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2}
    bridge = SIDE | {"intermediate_size": 32, "encoder_hidden_size": 24, "cross_attention_frequency": 2}
    config = tf.Blip2Config(
        vision_config=tf.Blip2VisionConfig(**vision, image_size=16, patch_size=8).to_dict(),
        qformer_config=tf.Blip2QFormerConfig(**bridge, vocab_size=8).to_dict(),
        text_config=_text(name).to_dict(),
        num_query_tokens=2,
        image_token_index=words.index("<image>"),
        architectures=["Blip2ForConditionalGeneration"],
    )
    config.save_pretrained(folder)
    _processor(words).save_pretrained(folder)
    return folder


def _text(name: str) -> tf.PreTrainedConfig:
    """Hugging Face's has spare words."""
    if name == "blip2_opt":
        return tf.OPTConfig(**OPT, vocab_size=320, bos_token_id=2, pad_token_id=1, eos_token_id=2)
    act = {"feed_forward_proj": "gated-gelu", "dense_act_fn": "gelu"}
    return tf.T5Config(**T5, **act, vocab_size=24, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1)


def _processor(words: list[str]) -> tf.Blip2Processor:
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="</s>"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", words.index("</s>"))]
    )
    tokenizer = tf.PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", eos_token="</s>", bos_token="</s>", unk_token="</s>"
    )
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    return tf.Blip2Processor(tf.BlipImageProcessor(size={"height": 16, "width": 16}), tokenizer, num_query_tokens=2)
