"""What every model that can be explored has to offer, whichever library it comes from."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from ecoflap.types import Answer, Layer, Sample
from ecoflap.types.loading import ASKS

Batch = Mapping[str, torch.Tensor]

# Enough for the longest answer that people read; the demo's caption of six objects has fewer.
MAX_NEW_TOKENS = 64
# Elements of each weight that its fingerprint reads: all of a small model's, an even choice of a weight of millions.
_PROBE = 2**20


class VisionLanguageModel(ABC):
    """A loaded model.

    Attributes:
        name: what people read.
        spec: what `--model` said.
        folder: where its files are.
        resized: whether loading had to enlarge the embeddings, so that the folder's config.json no longer fits.
        module: the torch module, in evaluation mode.
        layers: prunable layers in execution order, without scores.
        linears: the same layers' modules by name.
        dense: what is never pruned: (kind, number of parameters).
        asks: what a question to it consists of, one of `types.loading.ASKS`.
        labels: the answers that it chooses among; empty where it answers in words of its own.
    """

    name: str
    spec: str
    folder: Path
    resized: bool
    module: nn.Module
    layers: tuple[Layer, ...]
    linears: dict[str, nn.Linear]
    dense: tuple[tuple[str, int], ...]
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

    @property
    def blocks(self) -> dict[str, nn.Module]:
        """The modules of all blocks by name."""
        return {layer.block: self.module.get_submodule(layer.block) for layer in self.layers}

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.module.parameters()).device

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
