"""Losses and answers by transformers' own `generate`, which knows nothing of labels: the reference of the adapter."""

from pathlib import Path

import torch
import transformers as tf

from ecoflap.types import Sample
from tests.models.opened import WORDS


class Forced(tf.LogitsProcessor):
    """Leaves only the next of `ids` to choose; the raw logits are reported beside."""

    def __init__(self, ids: list[int]) -> None:
        self.ids = iter(ids)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        chosen = torch.full_like(scores, -torch.inf)
        chosen[:, next(self.ids)] = 0
        return chosen


class Generating:
    """A model that answers by generating, one sample at a time."""

    def __init__(self, folder: Path, prompt: str = "{question}", start: str = "", end: str = "") -> None:
        """Load the class that config.json names.

        Args:
            folder: of the model.
            prompt: what the processor is given as text where it has no chat template.
            start: a token that opens every answer and counts.
            end: the token that ends an answer; by default the tokenizer's.
        """
        config = tf.AutoConfig.from_pretrained(folder)
        self.model = getattr(tf, config.architectures[0]).from_pretrained(folder, dtype=torch.float32).eval()
        self.processor = tf.AutoProcessor.from_pretrained(folder)
        self.words = getattr(self.processor, "tokenizer", self.processor)
        self.prompt, self.start = prompt, [start] if start else []
        self.end = end or self.words.eos_token

    def inputs(self, sample: Sample) -> dict[str, torch.Tensor]:
        """Tensors of picture and question."""
        if self.processor.chat_template is None:
            text = self.prompt.format(question=sample.question)
            pictures = {} if sample.image is None else {"images": sample.image}
            return dict(self.processor(text=text, return_tensors="pt", **pictures))
        content = [{"type": "text", "text": sample.question}]
        if sample.image is not None:
            content.insert(0, {"type": "image", "image": sample.image})
        return dict(
            self.processor.apply_chat_template(
                [{"role": "user", "content": content if sample.image is not None else sample.question}],
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
            )
        )

    @torch.inference_mode()
    def _generated(self, sample: Sample, steps: int, **more) -> tuple[list[int], torch.Tensor]:
        """Greedy ids, and the raw log-probabilities that each was chosen by."""
        made = self.model.generate(
            **self.inputs(sample),
            max_new_tokens=steps,
            do_sample=False,
            num_beams=1,
            output_logits=True,
            return_dict_in_generate=True,
            **more,
        )
        logits = torch.stack(made.logits, 1)[0].float().log_softmax(-1)
        return made.sequences[0].tolist()[-len(logits) :], logits

    def losses(self, sample: Sample) -> list[float]:
        """Cross-entropy of every token of the sample's answer, the end token included."""
        ids = self.words(sample.answer, add_special_tokens=False).input_ids
        around = [self.words.convert_tokens_to_ids(mark) for mark in (*self.start, self.end)]
        ids = [*around[:-1], *ids, around[-1]]
        _, logits = self._generated(sample, len(ids), logits_processor=[Forced(ids)])
        return [-float(row[i]) for row, i in zip(logits, ids, strict=True)]

    def answer(self, sample: Sample) -> list[tuple[str, float]]:
        """Greedy tokens with their probabilities, special tokens left out."""
        ids, logits = self._generated(sample, WORDS)
        tokens = [self.words.decode([i], skip_special_tokens=True).strip() for i in ids]
        return [(token, float(row[i].exp())) for token, i, row in zip(tokens, ids, logits) if token]
