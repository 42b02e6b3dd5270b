"""Tiny random BLIP-2 models with a word-level tokenizer, saved the way real ones are."""

from pathlib import Path

import torch
import transformers as tf
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

from ecoflap.types import Layer, Sample, ScoreBundle

WORDS = ["<pad>", "</s>", "<unk>", "<image>", "what", "is", "there", "a", "red", "blue", "circle", "square", "?", "yes"]


def bundle(*layers: tuple[str, str, str, int, int, float]) -> ScoreBundle:
    """A bundle from (name, block, modality, rows, cols, score) tuples, each with a curve that rises with its score."""
    curves = [((0.5, 0.1 * score, 0.0), (1.0, score, 0.0)) for *_, score in layers]
    return ScoreBundle("toy", "toy", tuple(Layer(*layer, curve=curve) for layer, curve in zip(layers, curves)))


def samples() -> list[Sample]:
    """Three samples whose prompts and answers differ in length."""
    pairs = [("what is there ?", "a red circle"), ("is there a square ?", "yes"), ("what ?", "blue square")]
    colours = ["red", "white", "blue"]
    return [Sample(Image.new("RGB", (40, 32), colour), *pair) for colour, pair in zip(colours, pairs)]


def save_samples(folder: Path) -> Path:
    """Write the samples to `folder` as pictures and a samples.csv."""
    rows = ["image,question,answer"]
    for i, sample in enumerate(samples()):
        sample.image.save(folder / f"{i}.png")
        rows.append(f'{i}.png,"{sample.question}",{sample.answer}')
    (folder / "samples.csv").write_text("\n".join(rows))
    return folder


def _processor() -> "tf.Blip2Processor":
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    marks = {"pad_token": "<pad>", "eos_token": "</s>", "bos_token": "</s>", "unk_token": "<unk>"}
    tokenizer = tf.PreTrainedTokenizerFast(tokenizer_object=core, **marks)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    return tf.Blip2Processor(tf.BlipImageProcessor(size={"height": 16, "width": 16}), tokenizer, num_query_tokens=2)


def _text(kind: str) -> dict:
    size = {"vocab_size": len(WORDS), "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 1}
    if kind == "opt":
        more = {"hidden_size": 16, "ffn_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
        return tf.OPTConfig(**size, **more, word_embed_proj_dim=16, max_position_embeddings=256, init_std=0.3).to_dict()
    more = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
    return tf.T5Config(**size, **more, feed_forward_proj="gated-gelu", tie_word_embeddings=False).to_dict()


def save_blip2(folder: Path, kind: str) -> Path:
    """Write a tiny random BLIP-2 with `kind` t5 or opt to `folder`."""
    side = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = tf.Blip2VisionConfig(**side, image_size=16, patch_size=8, initializer_range=0.3)
    bridge = tf.Blip2QFormerConfig(**side, vocab_size=8, encoder_hidden_size=16, cross_attention_frequency=2)
    config = tf.Blip2Config(
        vision_config=vision.to_dict(),
        qformer_config=bridge.to_dict(),
        text_config=_text(kind),
        num_query_tokens=2,
        image_token_index=WORDS.index("<image>"),
    )
    torch.manual_seed(0)
    model = tf.Blip2ForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.3)
    model.generation_config.pad_token_id, model.generation_config.eos_token_id = 0, 1
    model.save_pretrained(folder)
    _processor().save_pretrained(folder)
    return folder


def weights(engine):
    """A copy of all prunable weights of an engine's model."""
    return {name: linear.weight.detach().clone() for name, linear in engine.model.linears.items()}


def scored(engine):
    """Scores of an engine's model on the three samples."""
    from ecoflap.importance.settings import Settings

    return engine.score(Settings(samples=3, batch_size=2))


class Forgetful:
    """In the place of an explorer's kept answers: keeps none, so that every one is the model's."""

    def get(self, key):
        return None

    def put(self, key, value):
        return value
