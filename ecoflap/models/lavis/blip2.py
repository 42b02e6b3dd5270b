"""BLIP-2 of LAVIS: a vision tower, a Q-Former, and T5 or OPT (Li et al., 2023, arXiv 2301.12597)."""

from typing import Any

import torch
from torch import nn

from ecoflap.models.base import Batch
from ecoflap.models.lavis.model import IGNORED, LavisModel, shifted


class Blip2(LavisModel):
    """What both kinds share: the picture as query tokens before the question's."""

    def _seen(self, image: torch.Tensor, projection: nn.Linear) -> torch.Tensor:
        """The picture's query tokens (samples, queries, hidden) as the language model takes them, float32."""
        model = self.module
        with self._as_stored(model.visual_encoder):
            features = model.ln_vision(model.visual_encoder(image))
        features = features.float()
        return projection(
            model.Qformer.bert(
                query_embeds=model.query_tokens.expand(len(image), -1, -1),
                encoder_hidden_states=features,
                encoder_attention_mask=torch.ones(features.shape[:2], dtype=torch.long, device=image.device),
                return_dict=True,
            ).last_hidden_state
        )


def _masked(seen: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The question's mask (samples, tokens) behind that of the query tokens."""
    return torch.cat([mask.new_ones(seen.shape[:2]), mask], 1)


class Blip2T5(Blip2):
    """BLIP-2 with T5, which reads picture and question and writes the answer with a decoder of its own."""

    def _words(self) -> tuple[Any, int]:
        return self.module.t5_tokenizer, self.module.t5_tokenizer.eos_token_id

    def _answer_ids(self, answer: str) -> list[int]:
        return self.tokenizer(answer).input_ids

    def _questions(self, questions: list[str]) -> Any:
        return self.tokenizer(questions, padding="longest", return_tensors="pt")

    def _inputs(self, batch: Batch) -> dict[str, torch.Tensor]:
        """What T5 reads."""
        seen = self._seen(batch["image"], self.module.t5_proj)
        words = self.module.t5_model.encoder.embed_tokens(batch["input_ids"])
        mask = _masked(seen, batch["attention_mask"])
        return {"inputs_embeds": torch.cat([seen, words], 1), "attention_mask": mask}

    def _logits(self, batch: Batch) -> torch.Tensor:
        config, labels = self.module.t5_model.config, batch["labels"]
        before = shifted(labels, config.decoder_start_token_id, config.pad_token_id)
        read = self._inputs(batch)
        with self._as_stored(self.module.t5_model):
            return self.module.t5_model(**read, decoder_input_ids=before, return_dict=True).logits.float()

    def _generated(self, inputs: Batch, **settings: Any) -> Any:
        read = self._inputs(inputs)
        with self._as_stored(self.module.t5_model):
            return self.module.t5_model.generate(**read, **settings)


class Blip2OPT(Blip2):
    """BLIP-2 with OPT, which writes the answer behind the question; a new line ends it, as in LAVIS."""

    def _words(self) -> tuple[Any, int]:
        self.module.opt_tokenizer.padding_side = "left"
        return self.module.opt_tokenizer, self.module.eos_token_id

    def _answer_ids(self, answer: str) -> list[int]:
        # OPT's words carry the blank before them.
        return self.tokenizer(f" {answer}\n", add_special_tokens=False).input_ids

    def _questions(self, questions: list[str]) -> Any:
        return self.tokenizer(questions, padding="longest", return_tensors="pt")

    def _read(self, batch: Batch) -> torch.Tensor:
        """The picture's query tokens in the type of OPT's words, in which OPT goes on."""
        words = self.module.opt_model.get_input_embeddings().weight
        return self._seen(batch["image"], self.module.opt_proj).to(words.dtype)

    def _logits(self, batch: Batch) -> torch.Tensor:
        labels = batch["labels"]
        present = labels != IGNORED
        ids = torch.cat([batch["input_ids"], labels.masked_fill(~present, self.tokenizer.pad_token_id)], 1)
        mask = torch.cat([batch["attention_mask"], present.to(batch["attention_mask"])], 1)
        seen = self._read(batch)
        with self._as_stored(self.module.opt_model):
            logits = self.module.opt_model(
                input_ids=ids, query_embeds=seen, attention_mask=_masked(seen, mask), return_dict=True
            ).logits
        return logits[:, -labels.shape[1] - 1 : -1].float()

    def _generated(self, inputs: Batch, **settings: Any) -> Any:
        seen = self._read(inputs)
        mask = _masked(seen, inputs["attention_mask"])
        with self._as_stored(self.module.opt_model):
            return self.module.opt_model.generate(
                input_ids=inputs["input_ids"], query_embeds=seen, attention_mask=mask, **settings
            )
