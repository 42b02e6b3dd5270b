"""Answers as labels: which tokens they are of, and prompts with answers for teacher forcing."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from ecoflap.models.huggingface import rows
from ecoflap.models.huggingface.rows import IGNORED, Tensors


class Labels:
    """How one model is taught an answer.

    Attributes:
        encoder_decoder: whether the answer has a decoder of its own.
        bert: whether the tokenizer is BERT's, as in BLIP, with [CLS] and [SEP] around a text.
        end: the token that ends an answer.
        ends: every token that generation stops at.
        pad: the token behind shorter answers.
        bos: the token that the language model's texts begin with; None where it has none.
        start: what the decoder of an encoder-decoder begins with; None where the prompt comes first.
    """

    def __init__(self, module: nn.Module, processor: Any, tokenizer: Any) -> None:
        """Read the tokens' meaning from the model's configurations and its tokenizer."""
        self._tokenizer, self._text = tokenizer, module.config.get_text_config()
        self.encoder_decoder = bool(
            module.config.is_encoder_decoder
            or self._text.is_encoder_decoder
            or (hasattr(module, "text_encoder") and hasattr(module, "text_decoder"))
        )
        # It has no end token of its own name.
        self.bert = self._tokenizer.eos_token_id is None and self._tokenizer.sep_token_id is not None
        generation = getattr(module, "generation_config", None)
        self.end, self.ends = self._endings(generation, str(getattr(processor, "chat_template", None) or ""))
        self.pad = self._tokenizer.pad_token_id
        self.bos = _said("bos_token_id", self._text)
        start = _said("decoder_start_token_id", self._text, generation)
        self.start = (self.bos if start is None else start) if self.encoder_decoder else None
        # PaliGemma reads tokens of type 0 in both directions; its processor says so by taking the answer as suffix.
        self._answer_type = int("suffix" in inspect.signature(processor.__call__).parameters)

    @property
    def side(self) -> str:
        """Where prompts are padded: left where the answer comes behind them."""
        return "right" if self.encoder_decoder else "left"

    def _endings(self, generation: Any, template: str) -> tuple[int, frozenset[int]]:
        """(the token that ends an answer, every token that generation stops at).

        Of several, a chat's answers end with the one that its template writes behind them.
        """
        own = self._tokenizer.sep_token_id if self.bert else self._tokenizer.eos_token_id
        if self.bert:
            return own, frozenset([own])
        said = _said("eos_token_id", generation, self._text)
        several = said if isinstance(said, list) else [] if said is None else [said]
        written = [i for i in several if self._tokenizer.convert_ids_to_tokens(i) in template] if template else []
        end = [*written, *([own] if own in several else several), own][0]
        return end, frozenset([*several, own]) - {None}

    def begun(self, inputs: Tensors) -> Tensors:
        """Prompts as generation begins them: BLIP's captioner puts its own first token in the place of [CLS]."""
        if not self.bert or self.encoder_decoder:
            return inputs
        ids = inputs["input_ids"]
        return inputs | {"input_ids": ids.masked_fill(ids == self._tokenizer.cls_token_id, self.bos)}

    def answer_ids(self, answer: str, question: str, prompt: Sequence[int]) -> list[int]:
        """Token ids of an answer, with the end token and without what the decoder begins with anyway.

        Args:
            answer: the text.
            question: what was asked.
            prompt: the ids before the answer; where they end with the question, a blank comes between the two.
        """
        if self.encoder_decoder:
            ids = self._tokenizer(answer).input_ids
            # A first mark that the decoder does not know is the encoder's; BART's is its own, behind the start.
            marks = (self._tokenizer.cls_token_id, self._tokenizer.bos_token_id)
            if ids and ids[0] in marks and (ids[0] != self.bos or ids[0] == self.start):
                ids = ids[1:]
        else:
            ids = self._continued(answer, question, prompt)
        return ids if ids and ids[-1] == self.end else [*ids, self.end]

    def _continued(self, answer: str, question: str, prompt: Sequence[int]) -> list[int]:
        """The answer's ids behind the prompt: tokenizers of byte pairs write a word differently after a blank."""
        asked, both, alone = (
            self._tokenizer(text, add_special_tokens=False).input_ids
            for text in (question, f"{question} {answer}", answer)
        )
        follows = asked and list(prompt[-len(asked) :]) == asked == both[: len(asked)]
        return both[len(asked) :] if follows else alone

    def taught(self, inputs: Tensors, answers: Sequence[Sequence[int]]) -> Tensors:
        """Prompts (samples, tokens) with answers: labels of their own, or answers behind the prompts.

        Rows of a decoder-only model are moved together, so that padding comes last and every token has the place that
        it has alone.
        """
        device = inputs["input_ids"].device
        ids = [torch.tensor(answer) for answer in answers]
        labels = pad_sequence(ids, batch_first=True, padding_value=IGNORED).to(device)
        if self.encoder_decoder:
            return inputs | {"labels": labels}
        mask = inputs.get("attention_mask", torch.ones_like(inputs["input_ids"]))
        inputs = self.unclosed(inputs | {"attention_mask": mask})
        return rows.together(rows.behind(inputs, labels, self.pad, self._answer_type))

    def unclosed(self, inputs: Tensors) -> Tensors:
        """Prompts, padded on the left, without BERT's closing token, behind which nothing is to follow."""
        if not self.bert or self.encoder_decoder:
            return inputs
        tokens = rows.of_tokens(inputs)
        return {key: value[:, :-1] if key in tokens else value for key, value in inputs.items()}

    def shifted(self, labels: torch.Tensor) -> torch.Tensor:
        """Decoder inputs for teacher forcing: the labels moved right behind the start token."""
        before = labels[:, :-1]
        moved = before.masked_fill(before == IGNORED, self.pad)
        return torch.cat([torch.full_like(labels[:, :1], self.start), moved], 1)


def _said(name: str, *configs: Any) -> Any:
    """A value of the first configuration that has one; None where none does."""
    return next((value for value in (getattr(config, name, None) for config in configs) if value is not None), None)
