"""A BLIP-2 of any size with random weights, made in place: nothing is downloaded, no second copy is held."""

from collections.abc import Mapping
from typing import Any

import torch
import transformers
from torch import nn

# Shapes of Salesforce/blip2-flan-t5-xl, by their names in transformers' configurations.
XL: dict[str, Any] = {
    "vision": {
        "hidden_size": 1408,
        "intermediate_size": 6144,
        "num_hidden_layers": 39,
        "num_attention_heads": 16,
        "image_size": 224,
        "patch_size": 14,
    },
    "bridge": {"hidden_size": 768, "num_hidden_layers": 12, "encoder_hidden_size": 1408},
    "text": {
        "d_model": 2048,
        "d_ff": 5120,
        "d_kv": 64,
        "num_layers": 24,
        "num_heads": 32,
        "vocab_size": 32128,
    },
    "queries": 32,
}
# Standard deviation of every weight matrix: activations stay finite through all blocks.
STD = 0.02


def configuration(shape: Mapping[str, Any]) -> transformers.Blip2Config:
    """The configuration of a BLIP-2 with T5 in that shape; the last word stands for the picture."""
    text = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "decoder_start_token_id": 0}
    return transformers.Blip2Config(
        vision_config=transformers.Blip2VisionConfig(**shape["vision"]).to_dict(),
        qformer_config=transformers.Blip2QFormerConfig(**shape["bridge"]).to_dict(),
        text_config=transformers.T5Config(**shape["text"], **text).to_dict(),
        num_query_tokens=shape["queries"],
        image_token_index=shape["text"]["vocab_size"] - 1,
        tie_word_embeddings=False,
    )


def build(shape: Mapping[str, Any], seed: int = 0, dtype: torch.dtype = torch.bfloat16) -> nn.Module:
    """A model in evaluation mode on the CPU: matrices N(0, 0.02^2), norms 1, biases 0, parameter by parameter."""
    with torch.device("meta"):
        model = transformers.Blip2ForConditionalGeneration(configuration(shape))
    generator = torch.Generator().manual_seed(seed)
    made: dict[int, nn.Parameter] = {}
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            # Modules that share a parameter go on sharing it.
            if id(parameter) not in made:
                made[id(parameter)] = _made(name, parameter, generator, dtype)
            setattr(module, name, made[id(parameter)])
    return model.eval()


def _made(name: str, parameter: nn.Parameter, generator: torch.Generator, dtype: torch.dtype) -> nn.Parameter:
    """Values for one parameter that so far has a shape only."""
    if parameter.dim() > 1:
        values = torch.randn(parameter.shape, generator=generator).mul_(STD)
    else:
        values = torch.full(parameter.shape, 0.0 if "bias" in name else 1.0)
    return nn.Parameter(values.to(dtype), requires_grad=False)


def sample(shape: Mapping[str, Any], prompt: int = 12, answer: int = 4, seed: int = 0) -> dict[str, torch.Tensor]:
    """A batch of one random picture (1, 3, side, side) with a prompt and an answer of so many random words."""
    generator = torch.Generator().manual_seed(seed)
    side, words = shape["vision"]["image_size"], shape["text"]["vocab_size"] - 1
    question, labels = (torch.randint(2, words, (1, count), generator=generator) for count in (prompt, answer))
    ids = torch.cat([torch.full((1, shape["queries"]), words), question], 1)
    return {
        "pixel_values": torch.randn(1, 3, side, side, generator=generator),
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "labels": labels,
    }
