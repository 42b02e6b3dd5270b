"""Picture classifiers: any class for image classification, with the labels that its configuration names."""

from collections.abc import Sequence
from typing import Any

import torch

from ecoflap.models.base import Batch
from ecoflap.models.huggingface.choosing import Chooser
from ecoflap.models.huggingface.processors import picture_processor_of
from ecoflap.models.kinds import CLASSIFIER, labels_of
from ecoflap.types import Sample
from ecoflap.types.loading import Loading


class Classifier(Chooser):
    """A picture goes in, one of the configuration's labels comes out; there is no question.

    Outputs of the same name are one label, whose probability is the sum of theirs: ImageNet has two cranes.
    """

    kind = CLASSIFIER

    def _processor(self, config: Any, loading: Loading) -> Any:
        return picture_processor_of(self.spec, self.folder, config, loading)

    def _prepare(self) -> None:
        names = self.module.config.id2label
        self.labels = labels_of({"id2label": names})
        # Outputs of each label.
        self._outputs = [[i for i in sorted(names) if str(names[i]) == label] for label in self.labels]

    def _inputs(self, samples: Sequence[Sample]) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
        images = [sample.image.convert("RGB") for sample in samples]
        inputs = self.processor(images, return_tensors="pt").to(self.device, self.module.dtype)
        return dict(inputs), self.labels

    def _choices(self, sample: Sample) -> tuple[str, ...]:
        return self.labels

    def _logits(self, batch: Batch) -> torch.Tensor:
        logits = self.module(**{key: value for key, value in batch.items() if key != "labels"}).logits.float()
        if logits.shape[1] == len(self.labels):
            return logits
        return torch.stack([logits[:, outputs].logsumexp(-1) for outputs in self._outputs], 1)
