"""Hearing an answer while it is made: a look at the logits of every step of generation."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import torch
from transformers import LogitsProcessor

from ecoflap.models.base import Hear
from ecoflap.models.huggingface import answers

# What a tokenizer of bytes makes of a letter whose last bytes are still to come.
UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class Listening(LogitsProcessor):
    """Tells the answer so far after every token, and changes nothing.

    Generation calls its processors once a step, those handed to it after its own, and takes the largest of what the
    last one returns: so this one knows which token is chosen. The answer is decoded anew as a whole each time: the
    pieces of words that tokenizers of bytes or of sentence pieces write are no text alone.
    """

    def __init__(self, tokenizer: Any, ends: Collection[int], hear: Hear) -> None:
        """Listen to one answer.

        Args:
            tokenizer: of the model.
            ends: tokens that end an answer.
            hear: told the answer so far; what it raises ends the generation.
        """
        self._tokenizer, self._ends, self._hear = tokenizer, ends, hear
        self._ids: list[int] = []
        self._probabilities: list[float] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The same `scores`, (1, words)."""
        chosen = int(scores[0].argmax(-1))
        self._ids.append(chosen)
        self._probabilities.append(float(scores[0].float().softmax(-1)[chosen]))
        heard = answers.decoded(self._tokenizer, self._ends, self._ids, self._probabilities)
        self._hear(replace(heard, text=heard.text.rstrip(UNFINISHED).rstrip()))
        return scores
