"""From what generation returns to answers."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import torch

from ecoflap.types import Answer


def chosen(made: Any, prompt: torch.Tensor, encoder_decoder: bool) -> torch.Tensor:
    """The generated ids (samples, tokens) without the prompt or start token that some models repeat.

    Args:
        made: what generate returned: its output with one tensor of logits per step, or a tensor of ids alone.
        prompt: ids that it was given (samples, tokens).
        encoder_decoder: whether the model's decoder has a sequence of its own.
    """
    if not isinstance(made, torch.Tensor):
        return made.sequences[:, made.sequences.shape[1] - len(made.logits) :]
    if encoder_decoder:
        return made[:, 1:]
    repeated = torch.equal(made[:, : prompt.shape[1]], prompt)
    return made[:, prompt.shape[1] :] if repeated else made


def decoded(tokenizer: Any, ends: Collection[int], ids: Sequence[int], probabilities: Sequence[float]) -> Answer:
    """One answer from its generated ids; special tokens and what follows the first of `ends` are left out."""
    special = _special(tokenizer)
    pairs = [(i, p) for i, p in zip(_ended(ids, ends), probabilities) if i not in special]
    tokens = tuple(tokenizer.decode([i]).strip() for i, _ in pairs)
    return Answer(_text(tokenizer, [i for i, _ in pairs]), tokens, tuple(p for _, p in pairs))


def texts(tokenizer: Any, ends: Collection[int], rows: Iterable[Sequence[int]]) -> list[str]:
    """The texts of `decoded`, of many answers at once."""
    special = _special(tokenizer)
    return [_text(tokenizer, [i for i in _ended(ids, ends) if i not in special]) for ids in rows]


def _special(tokenizer: Any) -> set[int]:
    added = getattr(tokenizer, "added_tokens_decoder", {})
    return {*tokenizer.all_special_ids, *(i for i, token in added.items() if token.special)}


def _ended(ids: Sequence[int], ends: Collection[int]) -> Sequence[int]:
    """What is before the first of `ends`."""
    return ids[: next((place for place, i in enumerate(ids) if i in ends), len(ids))]


def _text(tokenizer: Any, ids: Sequence[int]) -> str:
    return tokenizer.decode(ids, skip_special_tokens=True).strip()
