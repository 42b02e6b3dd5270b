"""Zero-shot classifiers: a picture tower and a text tower that are compared, as in CLIP and SigLIP."""

from collections.abc import Sequence

import torch

from ecoflap.errors import EcoflapError
from ecoflap.models.base import Batch
from ecoflap.models.huggingface.choosing import Chooser
from ecoflap.models.kinds import ZERO_SHOT, candidates
from ecoflap.types import Sample

# What the text tower reads instead of a bare label (Radford et al., "Learning Transferable Visual Models From Natural
# Language Supervision", arXiv 2103.00020, section 3.1.4: a sentence is closer to what it was trained on than a word).
PROMPT = "A photo of a {label}."


class ZeroShot(Chooser):
    """The labels come with the question, separated by commas; the answer is the one that fits the picture best.

    Probabilities are a softmax over the labels of the question, also for SigLIP, which was trained on one label at a
    time: they say how the model prefers one label to the others.
    """

    kind = ZERO_SHOT

    def _prepare(self) -> None:
        if not hasattr(self.module, "logit_scale"):  # two towers that are not compared, such as a bare LLaVA
            raise EcoflapError("model_kind", spec=self.spec, kind=type(self.module).__name__)
        self.tokenizer, self._pictures = self.processor.tokenizer, self.processor.image_processor

    def _choices(self, sample: Sample) -> tuple[str, ...]:
        return candidates(sample.question)

    def _inputs(self, samples: Sequence[Sample]) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
        """Every label of the batch goes through the text tower once; `listed` says which of them each sample has."""
        chosen = [self._choices(sample) for sample in samples]
        columns = tuple(dict.fromkeys(label for labels in chosen for label in labels))
        listed = torch.tensor([[label in labels for label in columns] for labels in chosen], device=self.device)
        pictures = self._pictures([sample.image.convert("RGB") for sample in samples], return_tensors="pt")
        texts = self.tokenizer([PROMPT.format(label=label) for label in columns], **self._padding())
        inputs = pictures.to(self.device, self.module.dtype) | texts.to(self.device)
        return {**inputs, "listed": listed}, columns

    def _padding(self) -> dict[str, object]:
        """How texts are made of one length: without an attention mask the tower was trained on full ones (SigLIP)."""
        masked = "attention_mask" in self.tokenizer.model_input_names
        most = self.module.config.get_text_config().max_position_embeddings
        padding = True if masked else "max_length"
        return {"padding": padding, "truncation": True, "max_length": most, "return_tensors": "pt"}

    def _logits(self, batch: Batch) -> torch.Tensor:
        inputs = {key: value for key, value in batch.items() if key not in ("labels", "listed")}
        logits = self.module(**inputs).logits_per_image.float()
        if self._undirected():
            logits = torch.zeros_like(logits)
        return logits.masked_fill(~batch["listed"], -torch.inf)

    def _undirected(self) -> bool:
        """Whether a projection has lost all its weights: the cosine to its embeddings, all 0, is 0 / 0."""
        bridge = [self.linears[layer.name] for layer in getattr(self, "layers", ()) if layer.modality == "bridge"]
        return any(linear.bias is None and not linear.weight.any() for linear in bridge)
