"""Teacher forcing: the loss of an answer, each of its tokens predicted from the true ones before it."""

import inspect
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from ecoflap.models import discovery
from ecoflap.models.base import Batch
from ecoflap.models.huggingface import prompts
from ecoflap.models.huggingface.labels import Labels
from ecoflap.models.huggingface.rows import IGNORED, Tensors
from ecoflap.models.huggingface.saving import Saved
from ecoflap.types import Sample


class TeacherForced(Saved):
    """A model whose loss comes from its logits, whether or not it would compute one itself.

    Attributes:
        processor: turns pictures and texts into tensors.
    """

    processor: Any
    _labels: Labels
    # Where the logits are made, in a model that does not return them.
    _head: torch.nn.Module | None

    @abstractmethod
    def _prompts(self, samples: Sequence[Sample]) -> Tensors:
        """Pictures and questions as tensors on the model's device."""

    @abstractmethod
    def _room(self, batch: Batch) -> float:
        """How many more tokens the model can read behind the longest row of `batch`; an error where it is too long."""

    @property
    def encoder_decoder(self) -> bool:
        """Whether the answer has a decoder of its own."""
        return self._labels.encoder_decoder

    def encode(self, samples: Sequence[Sample]) -> Batch:
        """Tensors of a batch with labels: a sequence of their own, or behind the prompt of a decoder-only model."""
        inputs = self._labels.begun(self._prompts(samples))
        prompt = self._labels.unclosed(inputs)["input_ids"].tolist()
        ids = [
            self._labels.answer_ids(prompts.without_marks(self.processor, sample.answer), sample.question, before)
            for sample, before in zip(samples, prompt)
        ]
        batch = self._labels.taught(inputs, ids)
        self._room(batch)
        return batch

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy over the answer tokens of the batch, in nats: a float32 scalar."""
        logits, labels = self._predictions(batch)
        return cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)

    def losses(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """(cross-entropy summed over the answer tokens, number of those tokens) per sample: each (samples,) float32."""
        logits, labels = self._predictions(batch)
        each = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none")
        return each.view(labels.shape).sum(1), (labels != IGNORED).sum(1).float()

    def _predictions(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (samples, tokens, words) float32 with the label (samples, tokens) that each is to predict.

        Of a decoder-only model only those from the first answer on: over all image tokens they would be gigabytes.
        """
        labels = batch["labels"]
        inputs = {key: value for key, value in batch.items() if key != "labels"}
        if self.encoder_decoder:
            return self._logits(inputs | {"decoder_input_ids": self._labels.shifted(labels)}).float(), labels
        first = int((labels != IGNORED).any(0).nonzero()[0])
        kept = labels.shape[1] - first + 1
        if "logits_to_keep" in inspect.signature(self.module.forward).parameters:
            inputs["logits_to_keep"] = kept
        # Counted from the end, as some models (GIT) put the picture before the tokens themselves.
        return self._logits(inputs)[:, -kept:-1].float(), labels[:, first:]

    def _logits(self, inputs: Tensors) -> torch.Tensor:
        """What the model predicts at every place: (samples, tokens, words).

        BLIP for questions gives no logits; they are taken where its decoder makes them.
        """
        if self._head is None:
            return self.module(**inputs).logits
        seen: list[torch.Tensor] = []
        handle = self._head.register_forward_hook(lambda module, inputs, output: seen.append(output))
        try:
            self.module(**inputs)
        finally:
            handle.remove()
        return seen[-1]


def inner_head(module: torch.nn.Module) -> torch.nn.Module | None:
    """Where a model makes its logits that names no output layer of its own; None where it names one."""
    if module.get_output_embeddings() is not None:
        return None
    return next(reversed(discovery.output_embeddings(module)), None)
