"""BLIP for questions about pictures, of LAVIS (Li et al., 2022, arXiv 2201.12086)."""

from types import SimpleNamespace
from typing import Any

import torch

from ecoflap.models.base import Batch
from ecoflap.models.lavis.model import IGNORED, LavisModel, shifted


class BlipVQA(LavisModel):
    """A vision tower, a BERT that reads the question with the picture, and a BERT that writes the answer."""

    def _words(self) -> tuple[Any, int]:
        return self.module.tokenizer, self.module.tokenizer.sep_token_id

    def _answer_ids(self, answer: str) -> list[int]:
        return self.tokenizer(answer).input_ids[1:]

    def _questions(self, questions: list[str]) -> Any:
        """The questions without punctuation, cut where LAVIS cuts them, with the encoder's mark in front."""
        texts = [self._text(question) for question in questions]
        most = self.module.max_txt_len
        words = self.tokenizer(texts, padding="longest", truncation=True, max_length=most, return_tensors="pt")
        words.input_ids[:, 0] = self.tokenizer.enc_token_id
        return words

    def _read(self, batch: Batch) -> dict[str, torch.Tensor]:
        """What the decoder looks at: the question's states, which have seen the picture."""
        image = self.module.visual_encoder.forward_features(batch["image"])
        words = SimpleNamespace(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
        states = self.module.text_encoder.forward_automask(words, image).last_hidden_state
        return {"encoder_hidden_states": states, "encoder_attention_mask": batch["attention_mask"]}

    def _logits(self, batch: Batch) -> torch.Tensor:
        labels = batch["labels"]
        before = shifted(labels, self.tokenizer.bos_token_id, self.tokenizer.pad_token_id)
        mask = torch.cat([torch.ones_like(labels[:, :1]), (labels[:, :-1] != IGNORED).to(labels)], 1)
        read = self._read(batch)
        return self.module.text_decoder(before, attention_mask=mask, **read, return_dict=True).logits.float()

    def _generated(self, inputs: Batch, **settings: Any) -> Any:
        start = torch.full((len(inputs["image"]), 1), self.tokenizer.bos_token_id, device=self.device)
        return self.module.text_decoder.generate(input_ids=start, **self._read(inputs), **settings)
