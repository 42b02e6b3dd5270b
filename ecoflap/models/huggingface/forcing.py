"""Teacher forcing: the loss of an answer, each of its tokens predicted from the true ones before it."""

import inspect
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from ecoflap.models import discovery
from ecoflap.models.base import MAX_NEW_TOKENS, Batch
from ecoflap.models.huggingface import growing, prompts
from ecoflap.models.huggingface.answers import texts
from ecoflap.models.huggingface.labels import Labels
from ecoflap.models.huggingface.rows import IGNORED, Tensors
from ecoflap.models.huggingface.saving import Saved
from ecoflap.models.reading import Foretold, Read
from ecoflap.types import Sample

# Settings of generation that let another token than the most probable one be chosen, or end an answer elsewhere.
SHAPING = {
    "bad_words_ids",
    "begin_suppress_tokens",
    "constraints",
    "do_sample",
    "encoder_no_repeat_ngram_size",
    "encoder_repetition_penalty",
    "exponential_decay_length_penalty",
    "force_words_ids",
    "forced_bos_token_id",
    "forced_decoder_ids",
    "forced_eos_token_id",
    "guidance_scale",
    "min_length",
    "min_new_tokens",
    "no_repeat_ngram_size",
    "repetition_penalty",
    "sequence_bias",
    "stop_strings",
    "suppress_tokens",
}


class TeacherForced(Saved):
    """A model whose loss comes from its logits, whether or not it would compute one itself.

    Attributes:
        processor: turns pictures and texts into tensors.
    """

    processor: Any
    tokenizer: Any
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
        return _summed(*self._predictions(batch))

    def foretold(self, batch: Batch) -> Foretold:
        """See `VisionLanguageModel`; of models that choose other tokens than the most probable ones nothing is told."""
        if not self._plainly_greedy:
            return super().foretold(batch)
        labels = batch["labels"]
        made = self.module(**self._forced(batch))
        logits = made.logits.float()
        shown = self._answers_shown(logits, labels)
        hidden = [i for i, text in enumerate(shown) if text is None]
        read = growing.read_by(made, batch.get("attention_mask"))
        return Foretold(*_summed(logits, labels), shown, read.rows(hidden) if read is not None else None)

    def continued(self, read: Read) -> list[str]:
        """See `VisionLanguageModel`."""
        rows = growing.grown(growing.generator(self.module), read, self._labels.ends)
        return texts(self.tokenizer, self._labels.ends, rows)

    @property
    def _plainly_greedy(self) -> bool:
        """Whether generation reads this batch's prompts and takes the most probable token each time, nothing else."""
        part = growing.generator(self.module)
        if not self.encoder_decoder or self._head is not None or part is None:
            return False
        changed = self.module.generation_config.to_diff_dict() | part.generation_config.to_diff_dict()
        return not SHAPING & {key for key, value in changed.items() if value}

    def _answers_shown(self, logits: torch.Tensor, labels: torch.Tensor) -> list[str | None]:
        """The text of every row whose labels are the most probable tokens; None of the others."""
        known = labels != IGNORED
        hit = ((logits.argmax(-1) == labels) | ~known).all(1) & (known.sum(1) <= MAX_NEW_TOKENS)
        rows = {i: labels[i][known[i]].tolist() for i in hit.nonzero()[:, 0].tolist()}
        ended = {i: ids for i, ids in rows.items() if ids[-1] in self._labels.ends}
        said = dict(zip(ended, texts(self.tokenizer, self._labels.ends, ended.values())))
        return [said.get(i) for i in range(len(labels))]

    def _predictions(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (samples, tokens, words) float32 with the label (samples, tokens) that each is to predict.

        Of a decoder-only model only those from the first answer on: over all image tokens they would be gigabytes.
        """
        labels = batch["labels"]
        if self.encoder_decoder:
            return self._logits(self._forced(batch)).float(), labels
        inputs = {key: value for key, value in batch.items() if key != "labels"}
        first = int((labels != IGNORED).any(0).nonzero()[0])
        kept = labels.shape[1] - first + 1
        if "logits_to_keep" in inspect.signature(self.module.forward).parameters:
            inputs["logits_to_keep"] = kept
        # Counted from the end, as some models (GIT) put the picture before the tokens themselves.
        return self._logits(inputs)[:, -kept:-1].float(), labels[:, first:]

    def _forced(self, batch: Batch) -> Tensors:
        """Inputs of an encoder-decoder for a pass that predicts the labels of `batch`."""
        inputs = {key: value for key, value in batch.items() if key != "labels"}
        return inputs | {"decoder_input_ids": self._labels.shifted(batch["labels"])}

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


def _summed(logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(summed cross-entropy, number of labels) of every row, each (samples,) float32."""
    each = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none")
    return each.view(labels.shape).sum(1), (labels != IGNORED).sum(1).float()


def inner_head(module: torch.nn.Module) -> torch.nn.Module | None:
    """Where a model makes its logits that names no output layer of its own; None where it names one."""
    if module.get_output_embeddings() is not None:
        return None
    return next(reversed(discovery.output_embeddings(module)), None)
