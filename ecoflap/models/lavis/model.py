"""What the models of LAVIS have in common: pictures, labels, loss, greedy answers."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from ecoflap.models.base import MAX_NEW_TOKENS, Batch, VisionLanguageModel
from ecoflap.models.lavis import folder
from ecoflap.models.lavis.library import Parts
from ecoflap.types import Answer, Sample

# What a model is tried on when it is loaded.
TRIAL = Sample(Image.new("RGB", (64, 64)), "?", "?")
# Positions that the loss leaves out.
IGNORED = -100


class LavisModel(VisionLanguageModel):
    """A model of LAVIS, run part by part: its own forward knows neither the loss of a sample nor a token's probability.

    LAVIS computes in the type of the weights by `autocast`; so does this, but not where the weights are float32
    meanwhile, as scoring makes them.
    """

    def __init__(self, spec: str, named: str, parts: Parts, device: torch.device) -> None:
        """Take over what LAVIS loaded.

        Args:
            spec: what `--model` said.
            named: NAME/TYPE.
            parts: what LAVIS loaded.
            device: where to.

        Raises:
            EcoflapError: there is nothing to prune in it.
        """
        self.spec, self.name, self.named, self.folder, self.resized = spec, spec, named, None, False
        self.module = parts.module.to(device)
        self._picture, self._text = parts.picture, parts.text
        self.tokenizer, self.end = self._words()
        self._explore(TRIAL)

    def save(self, out: Path) -> None:
        """Write the model, as it is now, to the folder `out`, which `--model` opens again."""
        folder.write(out, self.named, self.module)

    def encode(self, samples: Sequence[Sample]) -> Batch:
        """Tensors of a batch with labels: (samples, tokens), the answers alone."""
        answers = [torch.tensor(self._answer_ids(sample.answer)) for sample in samples]
        labels = pad_sequence(answers, batch_first=True, padding_value=IGNORED)
        return self._prompts(samples) | {"labels": labels.to(self.device)}

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy over the answer tokens of the batch, in nats: a float32 scalar."""
        labels = batch["labels"]
        return cross_entropy(self._logits(batch).flatten(0, 1), labels.flatten(), ignore_index=IGNORED)

    def losses(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """(cross-entropy summed over the answer tokens, number of those tokens) per sample: each (samples,) float32."""
        labels = batch["labels"]
        each = cross_entropy(
            self._logits(batch).flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
        )
        return each.view(labels.shape).sum(1), (labels != IGNORED).sum(1).float()

    @torch.inference_mode()
    def answer(self, samples: Sequence[Sample], max_new_tokens: int = MAX_NEW_TOKENS) -> list[Answer]:
        """Greedy answers with the probability of every token."""
        settings = {"do_sample": False, "num_beams": 1, "max_new_tokens": max_new_tokens, "eos_token_id": self.end}
        settings |= {"pad_token_id": self.tokenizer.pad_token_id}
        made = self._generated(self._prompts(samples), output_scores=True, return_dict_in_generate=True, **settings)
        chosen = made.sequences[:, -len(made.scores) :]
        logits = torch.stack(made.scores, 1).float()
        probabilities = logits.softmax(-1).gather(-1, chosen[..., None])[..., 0]
        return [self._decoded(ids, values) for ids, values in zip(chosen.tolist(), probabilities.tolist())]

    @abstractmethod
    def _words(self) -> tuple[Any, int]:
        """The tokenizer, and the id of the token that ends an answer."""

    @abstractmethod
    def _answer_ids(self, answer: str) -> list[int]:
        """Token ids of an answer, with the end token and without a start token."""

    @abstractmethod
    def _questions(self, questions: list[str]) -> Any:
        """The questions as the model takes them: ids and mask, each (samples, tokens)."""

    @abstractmethod
    def _logits(self, batch: Batch) -> torch.Tensor:
        """What the model predicts for every label of the batch: (samples, tokens, words) float32."""

    @abstractmethod
    def _generated(self, inputs: Batch, **settings: Any) -> Any:
        """What `generate` of the language model returns for the prompts."""

    def _prompts(self, samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
        """Pictures and questions as tensors."""
        pictures = torch.stack([self._picture(sample.image.convert("RGB")) for sample in samples])
        words = self._questions([sample.question for sample in samples])
        found = {"image": pictures, "input_ids": words.input_ids, "attention_mask": words.attention_mask}
        return {name: tensor.to(self.device) for name, tensor in found.items()}

    def _as_stored(self, part: nn.Module) -> AbstractContextManager[None]:
        """Compute in the type of the part's first convolution or embedding, where that is narrower than float32."""
        stem = next(m for m in part.modules() if isinstance(m, (nn.Conv2d, nn.Embedding)))
        dtype = stem.weight.dtype
        return torch.autocast(self.device.type, dtype, enabled=dtype.itemsize < 4)

    def _decoded(self, ids: list[int], probabilities: list[float]) -> Answer:
        """One answer from its generated ids; special tokens and what follows the end are left out."""
        end = ids.index(self.end) if self.end in ids else len(ids)
        special = set(self.tokenizer.all_special_ids)
        pairs = [(i, p) for i, p in zip(ids[:end], probabilities) if i not in special]
        tokens = tuple(self.tokenizer.decode([i]).strip() for i, _ in pairs)
        text = self.tokenizer.decode([i for i, _ in pairs], skip_special_tokens=True).strip()
        return Answer(text, tokens, tuple(p for _, p in pairs))


def shifted(labels: torch.Tensor, start: int, pad: int) -> torch.Tensor:
    """Decoder inputs for teacher forcing: the labels (samples, tokens) moved right behind the start token."""
    before = labels[:, :-1].masked_fill(labels[:, :-1] == IGNORED, pad)
    return torch.cat([torch.full_like(labels[:, :1], start), before], 1)
