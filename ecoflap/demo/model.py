"""The demo's BLIP-2, small and untrained: configuration, tokenizer, processor, and initial scales that let it learn."""

import math
import os
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel
from torch import nn
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    PreTrainedTokenizerFast,
    T5Config,
)

from ecoflap.demo.pictures import PIXELS, image_processor
from ecoflap.demo.scenes import COLOURS, GRID, SHAPES, SIZES

WIDTH = 128
QUERIES = GRID * GRID
PATCH = 12
PATCHES = PIXELS // PATCH
SPECIAL = ("<pad>", "</s>", "<unk>", "<image>")
FUNCTION_WORDS = """
a above an and any are as below big bottom can caption color colour corner count describe do does drawing fewer have
holds how image in is it left less little many more number object objects of or photo picture quarter right same scene
see shape shapes show size than the there thing things this tiny to top what where which write yes you no . , ? !
0 1 2 3 4 5 6
"""


def tokenizer() -> PreTrainedTokenizerFast:
    """One token per lower-case word or punctuation mark; the end token closes every text, as T5 has it."""
    words = [*SPECIAL, *FUNCTION_WORDS.split(), *COLOURS, *SIZES, *SHAPES, *(shape + "s" for shape in SHAPES)]
    core = Tokenizer(WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    core.normalizer = normalizers.Lowercase()
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    core.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=["<image>"],
        padding_side="right",
    )


def processor() -> Blip2Processor:
    """Pictures and texts to tensors, as the saved model ships it."""
    return Blip2Processor(image_processor(), tokenizer(), num_query_tokens=QUERIES)


def configuration() -> Blip2Config:
    """6 vision, 4 Q-Former and 4 + 4 T5 v1.1 blocks of width 128, no dropout: the data never repeats."""
    vision = Blip2VisionConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=6,
        num_attention_heads=4,
        image_size=PIXELS,
        patch_size=PATCH,
        initializer_range=0.02,
    )
    bridge = Blip2QFormerConfig(
        vocab_size=1,
        hidden_size=WIDTH,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=4 * WIDTH,
        cross_attention_frequency=2,
        encoder_hidden_size=WIDTH,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        max_position_embeddings=QUERIES,
    )
    words = len(tokenizer())
    language = T5Config(
        vocab_size=words,
        d_model=WIDTH,
        d_kv=32,
        d_ff=2 * WIDTH,
        num_layers=4,
        num_heads=4,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )
    return Blip2Config(
        vision_config=vision.to_dict(),
        qformer_config=bridge.to_dict(),
        text_config=language.to_dict(),
        num_query_tokens=QUERIES,
        image_token_index=SPECIAL.index("<image>"),
    )


def fresh_model(seed: int = 0) -> Blip2ForConditionalGeneration:
    """The untrained model. Every initial scale is set here: the libraries' defaults do not fit each other."""
    torch.manual_seed(seed)
    # For sequences this short the plain attention is a third faster on a CPU than the fused one.
    model = Blip2ForConditionalGeneration._from_config(configuration(), attn_implementation="eager")
    for part in (model.vision_model, model.qformer, model.language_projection):
        for module in part.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
                nn.init.zeros_(module.bias)
    blocks = model.vision_model.encoder.layers
    for block in blocks:
        for last in (block.self_attn.projection, block.mlp.fc2):
            nn.init.normal_(last.weight, std=(2 * len(blocks) * last.in_features) ** -0.5)
    _set_positions(model)
    _look_back(model)
    return model


def _set_positions(model: Blip2ForConditionalGeneration) -> None:
    """2-D sines for patches and queries, and cross-attention that begins by looking where the query's cell is."""
    patches, cells = sines(PATCHES), sines(GRID)
    with torch.no_grad():
        table = model.vision_model.embeddings.position_embedding
        table[:, 0], table[0, 1:] = 0, patches
        nn.init.normal_(model.vision_model.embeddings.class_embedding, std=0.02)
        model.query_tokens.copy_(cells[None])
        for layer in model.qformer.encoder.layer:
            if layer.has_cross_attention:
                attention = layer.crossattention.attention
                turn = torch.linalg.qr(torch.randn(WIDTH, WIDTH)).Q
                attention.query.weight.copy_(turn)
                attention.key.weight.copy_(turn)


def _look_back(model: Blip2ForConditionalGeneration) -> None:
    """Two heads of T5's encoder begin by looking one and two words back: which adjective goes with which noun.

    T5's table of biases starts near zero and moves by about the learning rate a step: thousands of steps pass before it
    tells neighbours from others, and questions about two objects stay at chance meanwhile (measured: 1,200 steps).
    """
    bias = model.language_model.encoder.block[0].layer[0].SelfAttention.relative_attention_bias.weight
    with torch.no_grad():
        for head, words_back in enumerate((1, 2)):
            bias[words_back, head] = 5.0


def sines(side: int) -> torch.Tensor:
    """Positions of a side x side grid on the unit square as sines and cosines, [side * side, WIDTH], rows first."""
    middle = (torch.arange(side) + 0.5) / side
    rates = math.pi * torch.logspace(-0.5, 1, WIDTH // 4, base=4.0)
    waves = torch.cat([torch.sin(middle[:, None] * rates), torch.cos(middle[:, None] * rates)], dim=1)
    rows, columns = waves[:, None].expand(side, side, -1), waves[None].expand(side, side, -1)
    return torch.cat([rows, columns], dim=2).reshape(side * side, WIDTH)


def save_model(model: Blip2ForConditionalGeneration, folder: Path) -> None:
    """Model and processor as from_pretrained expects them, written beside `folder` and moved over its files."""
    beside = folder.with_name(folder.name + ".part")
    shutil.rmtree(beside, ignore_errors=True)
    model.save_pretrained(beside)
    processor().save_pretrained(beside)
    folder.mkdir(parents=True, exist_ok=True)
    for file in beside.iterdir():
        os.replace(file, folder / file.name)
    beside.rmdir()
