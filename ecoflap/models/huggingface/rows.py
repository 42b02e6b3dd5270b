"""Batches as rows of tokens: answers put behind prompts, and padding behind both."""

from collections.abc import Mapping

import torch

# Positions that the loss leaves out.
IGNORED = -100
Tensors = dict[str, torch.Tensor]
# What begins the names of tensors that have no value per token of the prompt; a Q-Former has a question of its own.
OTHERS = ("qformer", "pixel", "image")


def of_tokens(inputs: Mapping[str, torch.Tensor]) -> list[str]:
    """Names of the tensors that have a value per token: (samples, tokens, ...)."""
    shape = inputs["input_ids"].shape
    return [
        name
        for name, value in inputs.items()
        if isinstance(value, torch.Tensor) and value.shape[:2] == shape and not name.startswith(OTHERS)
    ]


def behind(inputs: Tensors, labels: torch.Tensor, pad: int, answer_type: int) -> Tensors:
    """Answers behind their prompts, in every tensor that has a value per token, with labels over both.

    Args:
        inputs: prompts, padded on the left or in the middle, with an attention mask.
        labels: ids of the answers (samples, answer tokens), IGNORED behind shorter ones.
        pad: the token behind shorter answers.
        answer_type: value of token_type_ids over answers.
    """
    present, made = labels != IGNORED, dict(inputs)
    for name in of_tokens(inputs):
        before = inputs[name]
        last = before[:, -1:].repeat(1, labels.shape[1], *[1] * (before.dim() - 2))
        if name == "input_ids":
            tail = labels.masked_fill(~present, pad)
        elif name == "attention_mask":
            tail = present.to(before)
        elif name == "cross_attention_mask":  # Mllama: answers see the pictures that the last token sees
            tail = last
        else:
            tail = torch.full_like(last, answer_type if name == "token_type_ids" else 0)
        made[name] = torch.cat([before, tail], 1)
    ignored = torch.full_like(inputs["input_ids"], IGNORED)
    return made | {"labels": torch.cat([ignored, labels], 1)}


def together(batch: Tensors) -> Tensors:
    """Rows with their padding moved behind the last token, whichever side or middle it was in, as far as any needs it.

    Every token then has the place that it has in a row without padding, and no token looks at padding, whatever a model
    makes of masks and positions.
    """
    order = (batch["attention_mask"] == 0).long().argsort(dim=1, stable=True)
    longest = int((batch["attention_mask"] != 0).sum(1).max())
    made = dict(batch)
    for name in of_tokens(batch):
        value = batch[name]
        index = order.view(*order.shape, *[1] * (value.dim() - 2)).expand_as(value)
        made[name] = value.gather(1, index)[:, :longest]
    return made
