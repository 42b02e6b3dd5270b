"""What classifiers and zero-shot models share: a picture, labels to choose among, and the probability of each."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ecoflap.accuracy import label_of
from ecoflap.models.base import MAX_NEW_TOKENS, Batch
from ecoflap.models.huggingface.loading import weights_of
from ecoflap.models.huggingface.processors import processor_of
from ecoflap.models.huggingface.saving import Saved
from ecoflap.types import Answer, Sample
from ecoflap.types.loading import KINDS, Loading, LoadProgress

# How many labels an answer reports, the chosen one first.
REPORTED = 5
# What a model is tried on when it is loaded.
TRIAL = Sample(Image.linear_gradient("L").convert("RGB"), "yes, no", "yes")


class Chooser(Saved):
    """A model whose answer is one of several labels; its loss is the cross-entropy of the right one."""

    def __init__(
        self, spec: str, folder: Path, config: Any, loading: Loading, progress: LoadProgress | None = None
    ) -> None:
        """Load from `folder`, whose configuration is `config`.

        Raises:
            EcoflapError: the folder holds no such model, or its weights do not fit its configuration.
        """
        self.spec, self.name, self.folder, self.resized, self.asks = spec, spec, folder, False, KINDS[self.kind]
        self.module = weights_of(spec, folder, config, loading, progress).eval().requires_grad_(False)
        self.processor = self._processor(config, loading)
        self._prepare()
        self._explore(replace(TRIAL, answer=self.labels[0]) if self.labels else TRIAL)

    def _processor(self, config: Any, loading: Loading) -> Any:
        """What turns samples into tensors."""
        return processor_of(self.spec, self.folder, loading)

    @abstractmethod
    def _prepare(self) -> None:
        """Read what the module and the processor say, and check that they are of this kind."""

    @abstractmethod
    def _inputs(self, samples: Sequence[Sample]) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
        """Tensors of a batch, and the labels that the columns of its logits stand for."""

    @abstractmethod
    def _logits(self, batch: Batch) -> torch.Tensor:
        """(samples, labels) float32; -inf at a label that the sample's question does not list."""

    @abstractmethod
    def _choices(self, sample: Sample) -> tuple[str, ...]:
        """The labels that this sample's answer may be."""

    def encode(self, samples: Sequence[Sample]) -> Batch:
        """Tensors of a batch with the column of each sample's answer as `labels`, (samples,).

        Raises:
            EcoflapError: an answer that is none of the labels, or a question that lists none.
        """
        inputs, columns = self._inputs(samples)
        rights = [columns.index(label_of(sample.answer, self._choices(sample))) for sample in samples]
        return inputs | {"labels": torch.tensor(rights, device=self.device)}

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy of the right labels, in nats: a float32 scalar."""
        return torch.nn.functional.cross_entropy(self._logits(batch), batch["labels"])

    def losses(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """(cross-entropy of the right label, 1) per sample: each (samples,) float32."""
        each = torch.nn.functional.cross_entropy(self._logits(batch), batch["labels"], reduction="none")
        return each, torch.ones_like(each)

    @torch.inference_mode()
    def answer(self, samples: Sequence[Sample], max_new_tokens: int = MAX_NEW_TOKENS) -> list[Answer]:
        """The most probable label of each sample; `tokens` are up to REPORTED labels, most probable first."""
        inputs, columns = self._inputs(samples)
        probabilities = self._logits(inputs).softmax(-1)
        return [_answer(row, columns, self._choices(sample)) for row, sample in zip(probabilities, samples)]


def _answer(row: torch.Tensor, columns: tuple[str, ...], choices: tuple[str, ...]) -> Answer:
    """The best of `choices` by their probabilities `row` (labels,)."""
    # Sorted stably: which of two equal labels comes first must not depend on the device.
    best = row.cpu().sort(descending=True, stable=True)
    pairs = list(zip(best.indices.tolist(), best.values.tolist()))[: min(REPORTED, len(choices))]
    tokens = tuple(columns[i] for i, _ in pairs)
    return Answer(tokens[0], tokens, tuple(value for _, value in pairs))
