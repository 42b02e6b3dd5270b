"""Tiny random models of LAVIS, opened the way LAVIS opens its own: a type, its YAML, a checkpoint, the hub's cache.

What LAVIS fixes in code is made small: the vision towers. Nothing is fetched: the texts' models lie in a cache of the
hub, and the checkpoints are files.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

import lavis.models.blip2_models.blip2 as blip2
import lavis.models.blip_models.blip_vqa as blip_vqa
import torch
import transformers.utils.hub as cache
from lavis.common.registry import registry
from lavis.models.eva_vit import VisionTransformer
from lavis.models.vit import VisionTransformerEncoder
from omegaconf import OmegaConf
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from yaml import safe_dump

NAMES = ("blip2_t5", "blip2_opt", "blip_vqa")
TYPE = "tiny"
WORDS = ("what", "is", "there", "a", "red", "blue", "green", "circle", "square", "yes", "no", "two", "?")
SPREAD = 0.3
COMMIT = "0" * 40
# A blank and a new line as GPT-2's tokenizer writes them.
BLANK, LINE = "Ġ", "Ċ"
SIDE = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
BERT = SIDE | {"model_type": "bert", "intermediate_size": 32, "max_position_embeddings": 64, "pad_token_id": 0}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "feed_forward_proj": "gated-gelu"}
OPT = SIDE | {"ffn_dim": 32, "word_embed_proj_dim": 16, "max_position_embeddings": 256}


def make(home: Path) -> None:
    """Write a hub's cache and a checkpoint of every kind to `home`, and make them LAVIS's type `tiny`."""
    _bert(home)
    _t5(home)
    _opt(home)
    use(home)
    for name in NAMES:
        _checkpoint(home, name)


def use(home: Path) -> None:
    """Let this process open the tiny models in `home`: no hub but its cache, small vision towers, and their types."""
    cache.TRANSFORMERS_CACHE, cache._is_offline_mode = str(home), True
    blip2.create_eva_vit_g = _eva
    blip_vqa.VisionTransformerEncoder = _Tower
    for name in NAMES:
        registry.get_model_class(name).PRETRAINED_MODEL_CONFIG_DICT[TYPE] = str(home / f"{name}.yaml")


class _Tower:
    """BLIP's vision tower; LAVIS has it in two sizes, both too large for a test."""

    @staticmethod
    def from_config(config: Any) -> VisionTransformerEncoder:
        return VisionTransformerEncoder(config.image_size, 8, embed_dim=16, depth=2, num_heads=2)


def _eva(size: int, drop: float, checkpointing: bool, precision: str) -> VisionTransformer:
    """BLIP-2's vision tower, which LAVIS has in one size."""
    norm = partial(torch.nn.LayerNorm, eps=1e-6)
    side = {"patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2, "use_mean_pooling": False}
    return VisionTransformer(img_size=size, **side, qkv_bias=True, norm_layer=norm)


def _repo(home: Path, name: str, config: dict[str, Any]) -> Path:
    """A model of the hub as its cache holds it, with a checkpoint that says nothing; the folder of its files."""
    place = home / f"models--{name.replace('/', '--')}"
    folder = place / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    (folder / "config.json").write_text(json.dumps(config))
    torch.save({}, folder / "pytorch_model.bin")
    return folder


def _bert(home: Path) -> None:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    folder = _repo(home, "bert-base-uncased", BERT | {"vocab_size": len(words)})
    (folder / "vocab.txt").write_text("\n".join(words))
    # The decoder's start and the encoder's mark come behind the words.
    med = BERT | {"vocab_size": len(words) + 2, "encoder_width": 16, "add_cross_attention": True}
    (home / "med.json").write_text(json.dumps(med | {"add_type_embeddings": False}))


def _t5(home: Path) -> None:
    words = ["<pad>", "</s>", "<unk>", *WORDS]
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "<unk>"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    marks = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    more = {"model_type": "t5", "vocab_size": len(words), "decoder_start_token_id": 0, "tie_word_embeddings": False}
    folder = _repo(home, "tiny/t5", T5 | more | {"pad_token_id": 0, "eos_token_id": 1})
    PreTrainedTokenizerFast(tokenizer_object=core, **marks).save_pretrained(folder)
    settings = {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "additional_special_tokens": []}
    (folder / "tokenizer_config.json").write_text(json.dumps(marks | settings))


def _opt(home: Path) -> None:
    """OPT's words carry the blank before them; each is merged from its letters, from the left."""
    whole = [f"{blank}{word}" for word in WORDS for blank in ("", BLANK)]
    starts = dict.fromkeys(word[:end] for word in whole for end in range(2, len(word) + 1))
    words = ["<s>", "<pad>", "</s>", BLANK, LINE, *sorted(set("".join(WORDS))), *starts]
    marks = {"bos_token_id": 2, "pad_token_id": 1, "eos_token_id": 2}
    folder = _repo(home, "tiny/opt", OPT | marks | {"model_type": "opt", "vocab_size": len(words), "init_std": SPREAD})
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    merges = [f"{start[:-1]} {start[-1]}" for start in starts]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
    named = {"bos_token": "</s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "</s>"}
    settings = {"tokenizer_class": "GPT2Tokenizer", "add_bos_token": True, "errors": "replace"}
    (folder / "tokenizer_config.json").write_text(json.dumps(named | settings))


def _checkpoint(home: Path, name: str) -> None:
    """The type's YAML and its weights, drawn large enough that every one of them matters."""
    weights = home / f"{name}.pth"
    texts = {"blip2_t5": {"t5_model": "tiny/t5"}, "blip2_opt": {"opt_model": "tiny/opt"}, "blip_vqa": {}}
    side = {"image_size": 16, "num_query_token": 2, "vit_precision": "fp32", "med_config_path": str(home / "med.json")}
    model = side | texts[name] | {"load_finetuned": True, "finetuned": str(weights)}
    words = "blip_question" if name == "blip_vqa" else "blip_caption"
    eval_only = {"vis_processor": {"eval": {"name": "blip_image_eval", "image_size": 16}}}
    eval_only |= {"text_processor": {"eval": {"name": words}}}
    (home / f"{name}.yaml").write_text(safe_dump({"model": model, "preprocess": eval_only}))
    torch.save({"model": {}}, weights)
    torch.manual_seed(0)
    made = registry.get_model_class(name).from_config(OmegaConf.create(model)).float()
    source = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, SPREAD, generator=source)
    torch.save({"model": made.state_dict()}, weights)
