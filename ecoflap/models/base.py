"""What every model that can be explored has to offer, whichever library it comes from."""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import nn

from ecoflap.errors import EcoflapError, first_line
from ecoflap.models import discovery, findings, reach
from ecoflap.models.reading import Foretold, Read
from ecoflap.types import Answer, Layer, Sample
from ecoflap.types.answer import MAX_NEW_TOKENS
from ecoflap.types.loading import ASKS, KINDS

Batch = Mapping[str, torch.Tensor]
# Told an answer as far as it goes, after every token; what it raises ends the answer.
Hear = Callable[[Answer], None]

# Elements of each weight that its fingerprint reads: all of a small model's, an even choice of a weight of millions.
_PROBE = 2**20


class VisionLanguageModel(ABC):
    """A loaded model.

    Attributes:
        name: what people read.
        spec: what `--model` said.
        folder: where its files are; None where they lie in the caches of its library, and `save` writes the model.
        resized: whether loading had to enlarge the embeddings, so that the folder's config.json no longer fits.
        module: the torch module, in evaluation mode.
        layers: prunable layers in execution order, without scores.
        linears: the same layers' modules by name.
        dense: what is never pruned: (kind, number of parameters).
        found: what was recognised in it and what was not, in words; empty where nobody looked.
        kind: one of `types.loading.KINDS`.
        asks: what a question to it consists of, one of `types.loading.ASKS`.
        labels: the answers that it chooses among; empty where it answers in words of its own.
    """

    name: str
    spec: str
    folder: Path | None
    resized: bool
    module: nn.Module
    layers: tuple[Layer, ...]
    linears: dict[str, nn.Linear]
    dense: tuple[tuple[str, int], ...]
    found: str = ""
    kind: str = next(iter(KINDS))
    asks: str = ASKS[0]
    labels: tuple[str, ...] = ()

    @abstractmethod
    def encode(self, samples: Sequence[Sample]) -> Batch:
        """Tensors of a batch with labels, on the model's device."""

    @abstractmethod
    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy over the answer tokens of the batch, in nats: a float32 scalar."""

    @abstractmethod
    def losses(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """(cross-entropy summed over the answer tokens, number of those tokens) per sample: each (samples,) float32."""

    @abstractmethod
    def answer(self, samples: Sequence[Sample], max_new_tokens: int = MAX_NEW_TOKENS) -> list[Answer]:
        """Greedy answers to the questions; the samples' own answers are not looked at."""

    def foretold(self, batch: Batch) -> Foretold:
        """What `losses` gives, and every sample's text of `answer` as far as the same pass shows it.

        It shows an answer that is the batch's own: each of its tokens is the most probable one behind those before it.
        """
        sums, counts = self.losses(batch)
        return Foretold(sums, counts, [None] * len(sums))

    def continued(self, read: Read) -> list[str]:
        """The texts of `answer` to questions that `foretold` has read; only asked of a model that reads any."""
        raise NotImplementedError

    def answer_aloud(self, sample: Sample, hear: Hear, max_new_tokens: int = MAX_NEW_TOKENS) -> Answer:
        """What `answer` gives for one question, told as it grows; a model that answers in one piece tells nothing."""
        return self.answer([sample], max_new_tokens)[0]

    def surprise(self, sample: Sample) -> float | None:
        """Mean cross-entropy in nats over the tokens of the sample's answer, the end token included.

        How little the model, as it is now, expects this answer: 0 is what it would have said for certain. None where
        the answer is empty, the model has no room for its end, or the loss is no number.
        """
        if not sample.answer:
            return None
        try:
            with torch.inference_mode():
                total, count = self.losses(self.encode([sample]))
        except EcoflapError:
            return None
        value = float(total[0] / count[0])
        return value if math.isfinite(value) else None

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the weights as they are now to `folder`; of a model without a folder, all that opening it needs."""

    def _explore(self, trial: Sample) -> None:
        """Find what can be pruned, and run once to see what of it is used.

        Args:
            trial: what the model is asked.

        Raises:
            EcoflapError: there is nothing to prune, or the pass fails.
        """
        found = discovery.discover(self.module)
        if not found.layers:
            raise EcoflapError("model_no_layers", spec=self.spec, kind=type(self.module).__name__)
        found = reach.narrowed(found, self.module, partial(self._tried, trial))
        self.layers, self.linears, self.dense = found.layers, found.linears, found.dense
        self.found = findings.sentence(found, kind=self.kind)

    def _tried(self, trial: Sample) -> torch.Tensor:
        """The loss of one sample."""
        try:
            return self.loss(self.encode([trial]))
        except Exception as error:  # of a family that was never seen any part may fail
            raise EcoflapError("model_trial", spec=self.spec, reason=first_line(error)) from error

    @property
    def blocks(self) -> dict[str, nn.Module]:
        """The modules of all blocks by name."""
        return {layer.block: self.module.get_submodule(layer.block) for layer in self.layers}

    @property
    def device(self) -> torch.device:
        """Where inputs go: the device of the first weights, which is that of all but in a model that is spread."""
        return next(self.module.parameters()).device

    @property
    def devices(self) -> tuple[str, ...]:
        """Where the weights are, each device once."""
        return tuple(dict.fromkeys(str(parameter.device) for parameter in self.module.parameters()))

    @property
    def dtype(self) -> torch.dtype:
        """Type of the prunable weights."""
        return next(iter(self.linears.values())).weight.dtype

    def fingerprint(self) -> str:
        """Identity of the dense weights: 16 hex digits over names, shapes and values.

        Of a parameter with more than 2^20 values an even choice of them is read: it tells checkpoints apart, not
        single changed weights.
        """
        digest = hashlib.sha256()
        for name, parameter in self.module.named_parameters():
            flat = parameter.detach().reshape(-1)
            values = flat[:: -(-flat.numel() // _PROBE)].float().cpu().contiguous()
            digest.update(f"{name}{tuple(parameter.shape)}".encode())
            digest.update(values.numpy().tobytes())
        return digest.hexdigest()[:16]
