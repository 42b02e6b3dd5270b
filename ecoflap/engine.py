"""A loaded model with everything that pruning it needs: ranks, masks, dense weights on the side, and one lock."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from ecoflap import calibration, scoring, store
from ecoflap.errors import EcoflapError
from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Progress
from ecoflap.masking import MaskedModel, Ranked, rank_model
from ecoflap.models.base import VisionLanguageModel
from ecoflap.pruning import activations, registry
from ecoflap.types import Allocation, Answer, Recipe, Sample, ScoreBundle

# The paper's fine stage uses 128 samples.
CALIBRATION_SAMPLES = 128


class Engine:
    """One model, many recipes: whoever asks gets the model in the state of their recipe."""

    def __init__(self, model: VisionLanguageModel, source: str | None = None, seed: int = 0) -> None:
        """Take over `model`, dense.

        Args:
            model: the loaded model.
            source: where calibration samples come from; None for what the model brings.
            seed: of the calibration samples.
        """
        self.model, self.source, self.seed = model, source, seed
        self.masked = MaskedModel(model.layers, model.linears)
        self.lock = threading.RLock()
        self._scoring = threading.Lock()
        self.fingerprint = model.fingerprint()
        # Identity of the samples behind the norms, once they are measured.
        self.samples = ""
        self._norms: dict[str, torch.Tensor] | None = None
        self._ranked: dict[tuple[str, str], dict[str, Ranked]] = {}

    def norms(self) -> dict[str, torch.Tensor]:
        """Input norms of every layer on the dense model, measured once and cached on disk: name -> (cols,) float32."""
        with self.lock:
            if self._norms is None:
                self._norms = self._measured_norms()
            return self._norms

    def _measured_norms(self) -> dict[str, torch.Tensor]:
        found = calibration.samples_for(self.model.spec, self.source, CALIBRATION_SAMPLES, self.seed)
        self.samples = found.fingerprint
        name = store.key(kind="norms", model=self.fingerprint, samples=found.fingerprint, dtype=str(self.model.dtype))
        cached = store.cached_norms(name)
        widths = {layer.name: (layer.cols,) for layer in self.model.layers}
        if cached is not None and {layer: tuple(norm.shape) for layer, norm in cached.items()} == widths:
            return {layer: values.to(self.model.device) for layer, values in cached.items()}
        self.masked.restore()
        # One sample at a time: padding would count as input.
        batches = (self.model.encode([sample]) for sample in found.samples)
        with torch.no_grad():
            norms = activations.input_norms(self.model.linears, self.model.loss, batches, len(found.samples))
        store.try_to(store.keep_norms, name, norms)
        return norms

    def ranked(self, recipe: Recipe) -> dict[str, Ranked]:
        """Ranks of every weight under the recipe's pruner and scope, made once."""
        with self.lock:
            pruner, place = registry.find(recipe.pruner), (recipe.pruner, recipe.scope)
            norms = self._norms_for(recipe) if pruner.calibrated else {}
            if place not in self._ranked:
                dense = self.masked.dense
                self._ranked[place] = rank_model(
                    self.masked.layers, lambda name: pruner.importance(dense[name], norms.get(name)), recipe.scope
                )
            return self._ranked[place]

    def _norms_for(self, recipe: Recipe) -> dict[str, torch.Tensor]:
        """The norms, if they are of the samples that the recipe names."""
        norms = self.norms()
        if recipe.samples not in ("", self.samples):
            raise EcoflapError("recipe_of_other_samples", wanted=recipe.samples, found=self.samples)
        return norms

    @contextmanager
    def state(self, allocation: Allocation | None, recipe: Recipe | None = None) -> Iterator[VisionLanguageModel]:
        """The model in the state of an allocation, or dense; nobody else changes it inside the context."""
        with self.lock:
            self.prune(allocation, recipe)
            yield self.model

    def prune(self, allocation: Allocation | None, recipe: Recipe | None = None) -> int:
        """Apply an allocation, or restore the dense weights; returns how many layers were rewritten."""
        with self.lock:
            if allocation is None or recipe is None or allocation.total_kept == allocation.total:
                return self.masked.apply({}, {})
            self._check(allocation)
            kept = dict(zip((layer.name for layer in allocation.layers), allocation.kept))
            return self.masked.apply(kept, self.ranked(recipe))

    def _check(self, allocation: Allocation) -> None:
        """Raise unless the allocation's layers are this model's."""
        shapes = {layer.name: (layer.rows, layer.cols) for layer in self.model.layers}
        for layer in allocation.layers:
            if shapes.get(layer.name) != (layer.rows, layer.cols):
                raise EcoflapError("bundle_of_other_model", layer=layer.name, model=self.model.name)

    def answer(self, samples: Sequence[Sample], allocation: Allocation | None, recipe: Recipe | None) -> list[Answer]:
        """Answers of the model in the state of an allocation; None is dense."""
        with self.state(allocation, recipe) as model:
            return model.answer(samples)

    def score(self, settings: Settings | None = None, progress: Progress | None = None) -> ScoreBundle:
        """Scores of every layer, from the cache where the same were measured before.

        Others can ask meanwhile: the model is held for one unit of work at a time. A run that was stopped goes on where
        it was.

        Raises:
            EcoflapError: no samples to be had, or an unknown method.
            Cancelled: `progress` said so.
        """
        with self._scoring:
            return scoring.score(self, settings or Settings(), progress)
