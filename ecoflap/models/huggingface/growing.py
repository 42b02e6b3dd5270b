"""Greedy answers of an encoder-decoder to questions that its encoder has read already."""

from collections.abc import Collection
from typing import Any

import torch
from transformers import GenerationMixin
from transformers.modeling_outputs import BaseModelOutput

from ecoflap.models.base import MAX_NEW_TOKENS
from ecoflap.models.reading import Read

# Every step of generation computes all rows until the last one ends. Most answers are a word or two; the others then
# grow on without them.
FIRST = 4


def generator(module: torch.nn.Module) -> Any:
    """The part of a model whose `generate` is the library's own; None where there is none.

    BLIP-2's own hands over to its language model.
    """
    parts = (module, getattr(module, "language_model", module))
    return next((part for part in parts if getattr(type(part), "generate", None) is GenerationMixin.generate), None)


def read_by(made: Any, mask: torch.Tensor | None) -> Read | None:
    """What the encoder made of a batch; None where the model does not tell, or `mask` is not about the same tokens.

    Args:
        made: what the model's forward returned.
        mask: (samples, tokens) of the prompts.
    """
    states = getattr(getattr(made, "language_model_outputs", made), "encoder_last_hidden_state", None)
    if states is None or mask is None or states.shape[:2] != mask.shape:
        return None
    return Read(states, mask.to(states.device))


def grown(part: Any, read: Read, ends: Collection[int]) -> list[list[int]]:
    """Generated ids of every question, up to MAX_NEW_TOKENS; what follows the first of `ends` means nothing.

    Args:
        part: has the library's own `generate`.
        read: the questions.
        ends: tokens that end an answer.
    """
    made = _more(part, read, FIRST)
    rows = made[:, 1:].tolist()
    going = [i for i, row in enumerate(rows) if not set(row) & set(ends)]
    if going:
        longer = _more(part, read.rows(going), MAX_NEW_TOKENS - FIRST, decoder_input_ids=made[going])
        for i, row in zip(going, longer[:, 1:].tolist()):
            rows[i] = row
    return rows


def _more(part: Any, read: Read, most: int, **begun: torch.Tensor) -> torch.Tensor:
    """The decoder's sequences (questions, tokens) with its start token, after up to `most` more steps."""
    return part.generate(
        encoder_outputs=BaseModelOutput(last_hidden_state=read.states),
        attention_mask=read.mask,
        max_new_tokens=most,
        do_sample=False,
        num_beams=1,
        **begun,
    )
