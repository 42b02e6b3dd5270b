"""Losses and answers by LAVIS's own ways to answer, which know nothing of labels: the reference of the adapter."""

from collections.abc import Callable
from typing import Any

import torch
from lavis.models import load_model_and_preprocess
from transformers import LogitsProcessor, LogitsProcessorList

from ecoflap.types import Sample
from tests.lavis.makers import TYPE
from tests.models.conformance import WORDS


class Heard(LogitsProcessor):
    """Keeps the logits of every step; leaves only the next of `ids` to choose where there are any."""

    def __init__(self, ids: list[int]) -> None:
        self.ids, self.logits = ids, []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.logits.append(scores[0].clone())
        if not self.ids:
            return scores
        chosen = torch.full_like(scores, -torch.inf)
        chosen[:, self.ids[len(self.logits) - 1]] = 0
        return chosen


class Speaking:
    """A model of LAVIS that answers one sample at a time, greedily."""

    def __init__(self, name: str) -> None:
        self.model, pictures, texts = load_model_and_preprocess(name, TYPE, is_eval=True)
        self.picture = pictures["eval"]
        self.says: Callable[..., Any]
        self.speaker, self.words, self.says = {
            "blip2_t5": lambda: (self.model.t5_model, self.model.t5_tokenizer, self._t5),
            "blip2_opt": lambda: (self.model.opt_model, self.model.opt_tokenizer, self._opt),
            "blip_vqa": lambda: (self.model.text_decoder, self.model.tokenizer, self._vqa),
        }[name]()
        self.question = texts["eval"] if name == "blip_vqa" else str
        self.end = {"blip2_t5": "</s>", "blip2_opt": "Ċ", "blip_vqa": "[SEP]"}[name]

    def _t5(self, inputs: dict[str, Any], most: int) -> None:
        self.model.predict_answers(inputs, num_beams=1, max_len=most)

    def _opt(self, inputs: dict[str, Any], most: int) -> None:
        self.model.generate(inputs | {"prompt": inputs["text_input"][0]}, num_beams=1, max_length=most)

    def _vqa(self, inputs: dict[str, Any], most: int) -> None:
        self.model.predict_answers(inputs, num_beams=1, inference_method="generate", max_len=most + 1)

    @torch.no_grad()
    def _heard(self, sample: Sample, most: int, ids: list[int]) -> list[torch.Tensor]:
        """Log-probabilities (words,) of every step."""
        heard, generate = Heard(ids), self.speaker.generate
        self.speaker.generate = lambda **named: generate(**named, logits_processor=LogitsProcessorList([heard]))
        try:
            image = self.picture(sample.image.convert("RGB"))[None]
            self.says({"image": image, "text_input": [self.question(sample.question)]}, most)
        finally:
            del self.speaker.generate
        return [logits.float().log_softmax(-1) for logits in heard.logits]

    def losses(self, sample: Sample) -> list[float]:
        """Cross-entropy of every token of the answer, in nats."""
        before = " " if self.end == "Ċ" else ""
        ids = self.words(before + sample.answer, add_special_tokens=False).input_ids
        ids.append(self.words.convert_tokens_to_ids(self.end))
        steps = self._heard(sample, len(ids), ids)
        return [-float(step[i]) for step, i in zip(steps, ids, strict=True)]

    def answer(self, sample: Sample) -> list[tuple[str, float]]:
        """Up to WORDS greedy tokens with their probabilities, special tokens left out."""
        found = []
        for step in self._heard(sample, WORDS, []):
            chosen = int(step.argmax())
            if self.words.convert_ids_to_tokens(chosen) == self.end:
                break
            if chosen not in self.words.all_special_ids:
                found.append((self.words.decode([chosen]).strip(), float(step.max().exp())))
        return found
