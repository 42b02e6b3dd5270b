"""What the makers of tiny models share: a word-level tokenizer with the marks of real ones, drawn weights, saving."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer, models, pre_tokenizers, processors

# Words of the questions and answers that the tests use, and enough others that a random model has something to say.
WORDS = (
    *("what", "is", "there", "a", "red", "blue", "green", "white", "circle", "square", "triangle", "yes", "no", "?"),
    *("the", "left", "right", "above", "below", "of", "in", "on", "and", "one", "two", "three", "how", "many", "color"),
    *("picture", "shows", "small", "large", "object", "which", "shape", "it", "does", "have", "any", "VQA", "with"),
    *("user", "assistant", ":", ".", ",", "question", "answer"),
)
# Sides of the towers: small, and no two alike, so that a wrong one is an error and no luck.
VISION = {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 2}
TEXT = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
# Spread of the weights: large enough that every one of them matters to the loss.
SPREAD = 0.3


@dataclass(frozen=True)
class Family:
    """A kind of model that loads.

    Attributes:
        name: of the family, as people say it.
        make: writes a tiny random model and its processor to a folder, as real checkpoints are; returns the folder.
        architecture: the class that a checkpoint's config.json names.
        needs: packages that the family's processor cannot do without.
    """

    name: str
    make: Callable[[Path], Path]
    architecture: str
    needs: tuple[str, ...] = ()


def tokenizer(
    marks: Mapping[str, str],
    extra: Mapping[str, str] | Sequence[str] = (),
    template: str = "$A",
    **settings: Any,
) -> tf.PreTrainedTokenizerFast:
    """A word-level tokenizer: the marks come first, then `extra`, then WORDS.

    Args:
        marks: name -> token, such as {"pad_token": "<pad>", "eos_token": "</s>"}.
        extra: further special tokens, by the name that processors ask for or without one.
        template: what encoding one text gives, such as "<s> $A </s>".
        settings: of the tokenizer, such as `chat_template` or `padding_side`.
    """
    named = dict(extra) if isinstance(extra, Mapping) else {}
    special = list(dict.fromkeys([*marks.values(), *(named.values() if named else extra)]))
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate([*special, *WORDS])}, marks["unk_token"]))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    around = [(mark, special.index(mark)) for mark in template.split() if mark != "$A"]
    if around:
        core.post_processor = processors.TemplateProcessing(single=template, special_tokens=around)
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=core, **marks, extra_special_tokens=named or list(extra), **settings
    )


def numbers(words: tf.PreTrainedTokenizerFast) -> dict[str, int]:
    """Size of the vocabulary and the marks' ids, as configurations of language models take them."""
    marks = {name: getattr(words, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    return {"vocab_size": len(words)} | marks


def drawn(model: tf.PreTrainedModel, seed: int = 1) -> tf.PreTrainedModel:
    """The model with all its matrices drawn anew, each from the same seed on every machine."""
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, SPREAD, generator=source)
    return model.eval()


def save(folder: Path, model: tf.PreTrainedModel, processor: Any) -> Path:
    """Draw the weights and write model, marks of generation and processor to `folder`; returns `folder`."""
    words = processor.tokenizer
    for name, value in numbers(words).items():
        if name != "vocab_size":
            setattr(model.generation_config, name, value)
    drawn(model).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
