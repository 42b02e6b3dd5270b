"""Pictures and questions as the tensors that a model takes, by what its processor says of itself."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from torch import nn

# Tokens that stand for a picture, by the name that processors and tokenizers keep them under.
MARKS = ("image_token", "boi_token", "eoi_token", "video_token")
# Parameters of vision towers that put a token of their own before the patches.
CLASS_TOKENS = ("class_embedding", "cls_token")


def complete(processor: Any, tokenizer: Any, module: nn.Module) -> bool:
    """Fill in what old checkpoints leave out; returns whether the embeddings had to grow.

    Old BLIP-2 checkpoints lack the number of query tokens and the image token's id, LLaVA's the size of a patch and
    which tokens of the vision tower are read. A tokenizer without padding token pads with its end token.
    """
    config = module.config
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if getattr(processor, "num_query_tokens", 0) is None and hasattr(config, "num_query_tokens"):
        processor.num_query_tokens = config.num_query_tokens
    if getattr(processor, "patch_size", 0) is None and hasattr(config, "vision_feature_select_strategy"):
        _complete_patches(processor, module)
    if getattr(config, "image_token_index", 0) is not None:
        return False
    config.image_token_index = tokenizer.convert_tokens_to_ids(str(processor.image_token))
    if config.image_token_index < module.get_input_embeddings().num_embeddings:
        return False
    module.resize_token_embeddings(config.image_token_index + 1)
    return True


def _complete_patches(processor: Any, module: nn.Module) -> None:
    """How many tokens a picture becomes, from the configuration of the vision tower."""
    config = module.config
    processor.patch_size = config.vision_config.patch_size
    processor.vision_feature_select_strategy = config.vision_feature_select_strategy
    names = (name.split(".")[-1] for name, _ in module.named_parameters())
    processor.num_additional_image_tokens = int(any(name in CLASS_TOKENS for name in names))


def prompts(processor: Any, images: Sequence[Image.Image], questions: Sequence[str], side: str) -> Any:
    """One picture and one question per sample as the processor encodes them: a BatchFeature.

    A chat template is used where there is one. Otherwise the question stands alone if the processor then puts the
    picture before it, and behind the picture's token if it does not.

    Args:
        processor: of the model.
        images: RGB pictures.
        questions: as many; tokens that stand for pictures are taken out of them.
        side: where shorter prompts are padded, left or right.
    """
    processor.tokenizer.padding_side = side
    texts = [without_marks(processor, question) for question in questions]
    inputs = (_chat if getattr(processor, "chat_template", None) else _plain)(processor, list(images), texts)
    # Some processors make labels: of the prompt, which is not what is to be predicted.
    inputs.pop("labels", None)
    return inputs


def without_marks(processor: Any, text: str) -> str:
    """A person's text without tokens that stand for a picture: the model would look for one that is not there."""
    sources = (processor, getattr(processor, "tokenizer", None))
    for mark in filter(None, (getattr(source, name, None) for source in sources for name in MARKS)):
        text = text.replace(str(mark), " ")
    return text


def _chat(processor: Any, images: list[Image.Image], texts: list[str]) -> Any:
    turns = [
        [{"role": "user", "content": [{"type": "image", "image": image}, {"type": "text", "text": text}]}]
        for image, text in zip(images, texts)
    ]
    return processor.apply_chat_template(
        turns,
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        processor_kwargs={"padding": True},
    )


def _plain(processor: Any, images: list[Image.Image], texts: list[str]) -> Any:
    mark = getattr(processor, "image_token", None)
    if not isinstance(mark, str):
        return _encoded(processor, images, texts)
    try:
        inputs = _encoded(processor, images, texts)
        if (inputs["input_ids"] == processor.tokenizer.convert_tokens_to_ids(mark)).any(1).all():
            return inputs
    except ValueError:  # as many pictures as tokens that stand for one are wanted, and there is none
        pass
    return _encoded(processor, images, [f"{mark}\n{text}" for text in texts])


def _encoded(processor: Any, images: list[Image.Image], texts: list[str]) -> Any:
    return processor(images=images, text=texts, padding=True, return_tensors="pt")


def lengths(batch: Mapping[str, torch.Tensor], config: Any) -> dict[str, tuple[int, float]]:
    """Of all texts in a batch: (tokens of the longest row, most that the part which reads them has positions for)."""
    text = getattr(config.get_text_config(), "max_position_embeddings", None)
    former = getattr(getattr(config, "qformer_config", None), "max_position_embeddings", None)
    limits = {"input_ids": text, "labels": text, "qformer_input_ids": former}
    return {name: (batch[name].shape[1], most or math.inf) for name, most in limits.items() if name in batch}
