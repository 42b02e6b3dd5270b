"""What models that people ask for would take, from the shapes in their published configurations; no weight is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from ecoflap.errors import EcoflapError
from ecoflap.models import hub
from ecoflap.models.huggingface.configuration import class_of, config_of
from ecoflap.models.huggingface.memory import Need, empty, need_of
from ecoflap.types.loading import Loading

_VIT_G = {
    "hidden_size": 1408,
    "intermediate_size": 6144,
    "num_hidden_layers": 39,
    "num_attention_heads": 16,
    "image_size": 224,
    "patch_size": 14,
}
_VIT_L_336 = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "image_size": 336,
    "patch_size": 14,
    "projection_dim": 768,
}


def _blip2(text: dict[str, Any]) -> Any:
    whole = {"qformer_config": {}, "num_query_tokens": 32, "tie_word_embeddings": False}
    return transformers.Blip2Config(vision_config=_VIT_G, text_config=text, **whole)


def _t5(width: int, inner: int, heads: int) -> dict[str, Any]:
    sizes = {"d_model": width, "d_ff": inner, "d_kv": 64, "num_layers": 24, "num_heads": heads, "vocab_size": 32128}
    return {"model_type": "t5", "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, **sizes}


def _opt() -> dict[str, Any]:
    sizes = {"hidden_size": 2560, "word_embed_proj_dim": 2560, "ffn_dim": 10240, "vocab_size": 50304}
    return {"model_type": "opt", "num_hidden_layers": 32, "num_attention_heads": 32, **sizes}


def _llava() -> Any:
    sizes = {"hidden_size": 4096, "intermediate_size": 11008, "vocab_size": 32064}
    text = {"model_type": "llama", "num_hidden_layers": 32, "num_attention_heads": 32, **sizes}
    vision = {"model_type": "clip_vision_model", "vocab_size": 32000, **_VIT_L_336}
    return transformers.LlavaConfig(vision_config=vision, text_config=text)


def _clip() -> Any:
    return transformers.CLIPConfig(vision_config={"patch_size": 16}, text_config={})


# Name on the hub -> (class, configuration).
SHAPES: dict[str, tuple[str, Callable[[], Any]]] = {
    "openai/clip-vit-base-patch16": ("CLIPModel", _clip),
    "Salesforce/blip2-opt-2.7b": ("Blip2ForConditionalGeneration", lambda: _blip2(_opt())),
    "Salesforce/blip2-flan-t5-xl": ("Blip2ForConditionalGeneration", lambda: _blip2(_t5(2048, 5120, 32))),
    "Salesforce/blip2-flan-t5-xxl": ("Blip2ForConditionalGeneration", lambda: _blip2(_t5(4096, 10240, 64))),
    "llava-hf/llava-1.5-7b-hf": ("LlavaForConditionalGeneration", _llava),
}


@dataclass(frozen=True)
class Size:
    """Parameters of a model, and bytes that it takes in a type of weight."""

    parameters: int
    need: Need


def size_of(spec: str, dtype: str) -> Size:
    """What `spec` takes with weights in `dtype`: by SHAPES, else by the configuration in its folder or on the hub.

    Raises:
        EcoflapError: its configuration is not to be had, or its memory cannot be counted from that.
    """
    loading = Loading(dtype=dtype)
    if spec in SHAPES:
        name, make = SHAPES[spec]
        kind, config = getattr(transformers, name), make()
    else:
        config = config_of(spec, _folder(spec), loading)
        kind = class_of(config)
    model = empty(kind, config, loading)
    if model is None:
        raise EcoflapError("memory_unknown", spec=spec)
    return Size(sum(p.numel() for p in model.parameters()), need_of(model, getattr(torch, dtype)))


def _folder(spec: str) -> Path:
    """Where the configuration lies."""
    from ecoflap.models.registry import DEMO, DEMO_FOLDER

    return DEMO_FOLDER if spec == DEMO else hub.configuration_of(spec)
