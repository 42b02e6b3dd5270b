"""A loaded model with everything that pruning it needs: ranks, masks, dense weights on the side, and one lock."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import torch

from ecoflap import __version__, calibration, store
from ecoflap.errors import EcoflapError
from ecoflap.importance import zeroth_order
from ecoflap.masking import MaskedModel, Ranked, rank_model
from ecoflap.models.base import VisionLanguageModel
from ecoflap.pruning import activations, registry
from ecoflap.types import Allocation, Answer, Recipe, Sample, ScoreBundle

# The paper's fine stage uses 128 samples.
CALIBRATION_SAMPLES = 128
# Raised when the scores of the same settings change, so that old ones are not taken from the cache.
VERSION = 2


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
        norms = activations.input_norms(self.model.linears, self.model.loss, batches, len(found.samples))
        _keep(store.keep_norms, name, norms)
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

    def score(
        self,
        samples: int = 32,
        seed: int = 0,
        batch_size: int = 8,
        draws_per_batch: int = 1,
        eps: float = 1e-3,
        progress: zeroth_order.Progress | None = None,
    ) -> ScoreBundle:
        """Zeroth-order scores of every layer, from the cache where the same were measured before.

        Args:
            samples: calibration samples in all.
            seed: of samples and directions.
            batch_size: samples per batch.
            draws_per_batch: directions per layer and batch.
            eps: length of a step.
            progress: (units done, units in all, seconds left); returning False cancels.

        Raises:
            EcoflapError: no samples to be had, or a setting that cannot be.
            Cancelled: `progress` said so.
        """
        _check_settings(batch_size=batch_size, draws=draws_per_batch, eps=eps)
        found = calibration.samples_for(self.model.spec, self.source, samples, seed)
        facts = {"calibration": {"name": found.name, "samples": len(found.samples), "fingerprint": found.fingerprint}}
        facts |= {"seed": seed, "eps": eps, "model_fingerprint": self.fingerprint}
        name = store.key(**facts, batch=batch_size, draws=draws_per_batch, method="zeroth-order", version=VERSION)
        batches = [found.samples[i : i + batch_size] for i in range(0, len(found.samples), batch_size)]
        with self.state(None) as model:
            cached = store.cached_scores(name)
            if cached is not None:
                return cached
            with zeroth_order.in_float32(model.module):
                return self._scored(name, facts, batches, draws_per_batch, eps, seed, progress)

    def _scored(
        self,
        name: str,
        facts: dict[str, Any],
        batches: Sequence[Sequence[Sample]],
        draws: int,
        eps: float,
        seed: int,
        progress: zeroth_order.Progress | None,
    ) -> ScoreBundle:
        """Score the dense model, which the caller holds in float32, and keep the bundle under `name`."""
        model = self.model
        layers = zeroth_order.score(
            model.layers,
            model.linears,
            model.loss,
            [model.encode(batch) for batch in batches],
            model.blocks,
            draws,
            eps,
            seed,
            progress,
        )
        bundle = ScoreBundle(model.name, "zeroth-order", layers, facts | _origin())
        _keep(bundle.write, store.scores_path(name))
        return bundle


def _keep(write: Callable[..., None], *what: Any) -> None:
    """Write to the cache; where that is impossible the measurement counts all the same, and the log says why."""
    try:
        write(*what)
    except EcoflapError as error:
        logging.getLogger(__name__).warning("not cached: %s", error)


def _check_settings(**settings: float) -> None:
    """Raise on a setting that is not above zero."""
    for name, value in settings.items():
        if not 0 < value < float("inf"):
            raise EcoflapError("not_positive", name=name, value=value)


def _origin() -> Mapping[str, str]:
    """When and with what a bundle was made."""
    return {"created": datetime.now(UTC).isoformat(timespec="seconds"), "library": f"ecoflap {__version__}"}
