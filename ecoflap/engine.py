"""A loaded model with everything that pruning it needs: ranks, masks, dense weights on the side, and one lock."""

import gc
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

from ecoflap import scoring, solving, store
from ecoflap.data.registry import samples_for
from ecoflap.data.samples import Samples
from ecoflap.errors import EcoflapError
from ecoflap.importance.precision import in_float32
from ecoflap.importance.run import Look, Progress, Spread
from ecoflap.importance.settings import Settings
from ecoflap.masking import MaskedModel, Moved, Ranked, rank_model
from ecoflap.models.base import Batch, VisionLanguageModel
from ecoflap.pruning import activations, registry
from ecoflap.pruning.sequential import Progress as PassProgress
from ecoflap.texts import say
from ecoflap.types import Allocation, Answer, Layer, Recipe, Sample, ScoreBundle

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
        self._model, self.source, self.seed = model, source, seed
        self._name = model.name
        self.masked = MaskedModel(model.layers, model.linears)
        self.lock = threading.RLock()
        self._scoring = threading.Lock()
        # Set as soon as the model is to be given back: whatever is under way ends at its next step.
        self._closing = threading.Event()
        self.fingerprint = model.fingerprint()
        # Asked once: while a layer is scored, its weight is a float32 copy.
        self.dtype = model.dtype
        # Identity of the samples behind the norms, once they are measured.
        self.samples = ""
        # Their name and number.
        self.calibrated_on: tuple[str, int] | None = None
        self._norms: dict[str, torch.Tensor] | None = None
        self._ranked: dict[tuple[str, str], dict[str, Ranked]] = {}
        self._solver = solving.Solver(self)

    def release(self) -> None:
        """Let go of the weights once nobody uses them, and give a GPU's memory back; the engine is of no use then."""
        self.stop()
        with self._scoring, self._solver.lock, self.lock:
            del self._model, self.masked, self._norms, self._ranked
            self._solver.forget()
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def stop(self) -> None:
        """End what is under way at its next step, for `release`; nothing else begins."""
        self._closing.set()

    @property
    def model(self) -> VisionLanguageModel:
        """The loaded model.

        Raises:
            EcoflapError: it was released.
        """
        try:
            return self._model
        except AttributeError:
            raise self._gone() from None

    @contextmanager
    def held(self) -> Iterator[None]:
        """The model for nobody else inside the context.

        Raises:
            EcoflapError: it was released.
        """
        with self.lock:
            self._check_there()
            yield

    def _check_there(self) -> None:
        if self._closing.is_set():
            raise self._gone()

    def _gone(self) -> EcoflapError:
        return EcoflapError("model_released", model=self._name)

    def calibrate(self, seed: int) -> None:
        """Take calibration samples of this seed from now on; norms and ranks are made anew where they are needed."""
        with self._solver.lock, self.lock:
            if seed != self.seed:
                self.seed, self.samples, self._norms, self._ranked = seed, "", None, {}
                self._solver.forget()

    def norms(self) -> dict[str, torch.Tensor]:
        """Input norms of every layer on the dense model, measured once and cached on disk: name -> (cols,) float32."""
        with self.held():
            if self._norms is None:
                self._norms = self._measured_norms()
            return self._norms

    def calibration_samples(self) -> Samples:
        """The samples that the pruners are calibrated on."""
        asks = {"asks": self.model.asks, "labels": self.model.labels}
        found = samples_for(self.model.spec, self.source, CALIBRATION_SAMPLES, self.seed, **asks)
        for note in found.notes if found.fingerprint != self.samples else ():
            logging.getLogger(__name__).warning(note)
        self.samples, self.calibrated_on = found.fingerprint, (found.name, len(found.samples))
        return found

    def try_sample(self) -> None:
        """Read one calibration sample as the model takes it.

        Raises:
            EcoflapError: there is none, or it is not of a kind that the model answers.
        """
        asks = {"asks": self.model.asks, "labels": self.model.labels}
        found = samples_for(self.model.spec, self.source, 1, self.seed, **asks)
        self.model.encode(found.samples)

    def norms_key(self, samples: Samples, **more: object) -> str:
        """Cache key of norms measured on `samples`; `more` is what they depend on besides."""
        parts = {"model": self.fingerprint, "samples": samples.fingerprint, "dtype": str(self.dtype)}
        return store.key(kind="norms", **parts, **more)

    def cached_norms(self, name: str, layers: Mapping[str, Layer]) -> dict[str, torch.Tensor] | None:
        """Norms from the cache, where the weights are; None where they are not there or not of `layers`."""
        cached = store.cached_norms(name)
        widths = {layer.name: (layer.cols,) for layer in layers.values()}
        if cached is not None and {layer: tuple(norm.shape) for layer, norm in cached.items()} != widths:
            store.made_anew(store.norms_path(name), say("store.widths"))
            return None
        if cached is None:
            return None
        return {layer: values.to(self.model.linears[layer].weight.device) for layer, values in cached.items()}

    def _measured_norms(self) -> dict[str, torch.Tensor]:
        found = self.calibration_samples()
        name = self.norms_key(found)
        cached = self.cached_norms(name, self.masked.layers)
        if cached is not None:
            return cached
        self.masked.restore()
        # One sample at a time: padding would count as input.
        batches = self._one_by_one(found)
        with in_float32(self.model.module, self.model.blocks.values()), torch.no_grad():
            norms = activations.input_norms(self.model.linears, self.model.loss, batches, len(found.samples))
        store.try_to(store.keep_norms, name, norms)
        return norms

    def _one_by_one(self, found: Samples) -> Iterator[Batch]:
        """A batch of every sample; ends in an error when the model is to be given back."""
        for sample in found.samples:
            self._check_there()
            yield self.model.encode([sample])

    def ranked(self, recipe: Recipe) -> dict[str, Ranked]:
        """Ranks of every weight under the recipe's pruner and scope, calibrated on the dense model; made once."""
        with self.held():
            pruner, place = registry.find(recipe.pruner), (recipe.pruner, recipe.compared)
            norms = self._norms_for(recipe) if pruner.calibrated else {}
            if place not in self._ranked:
                dense = self.masked.dense
                self._ranked[place] = rank_model(
                    self.masked.layers, lambda name: pruner.importance(dense[name], norms.get(name)), recipe.compared
                )
            return self._ranked[place]

    def looks_at_once(self, recipe: Recipe) -> bool:
        """Whether `close_look` need not measure norms first, which holds the model for a pass over all samples."""
        return self._closing.is_set() or self._norms is not None or not registry.find(recipe.pruner).calibrated

    def close_look(self, name: str, recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor | None, Ranked | None]:
        """One layer's dense weight, its input norms where the pruner needs them, its ranks where they are known.

        The model is held for a moment only; none of the three is ever changed afterwards.
        """
        with self.held():
            norms = self._norms_for(recipe) if registry.find(recipe.pruner).calibrated else {}
            known = self._ranked.get((recipe.pruner, recipe.compared), {})
            return self.masked.dense[name], norms.get(name), known.get(name)

    def _norms_for(self, recipe: Recipe) -> dict[str, torch.Tensor]:
        """The norms, if they are of the samples that the recipe names."""
        norms = self.norms()
        self.check_samples(recipe)
        return norms

    def check_samples(self, recipe: Recipe) -> None:
        """Raise where the recipe names other calibration samples than these."""
        if recipe.samples not in ("", self.samples):
            raise EcoflapError("recipe_of_other_samples", wanted=recipe.samples, found=self.samples)

    def ranked_for(
        self, allocation: Allocation, recipe: Recipe, progress: PassProgress | None = None
    ) -> Mapping[str, Ranked | Moved]:
        """Ranks by which `recipe` prunes to `allocation`, for every layer that loses weights.

        A pruner that moves weights has what becomes of them instead, solved for one allocation alone and kept until the
        next one. A sequential calibration is of one allocation alone and costs about three passes over the calibration
        samples; its norms are cached on disk, its ranks kept until the next one. The model is held for one pass at a
        time, so others can ask meanwhile. Who holds `lock` must not call this: two would wait for each other.

        Args:
            allocation: weights kept per layer.
            recipe: its pruner, scope and calibration.
            progress: told (passes done, passes in all) of a sequential calibration.

        Raises:
            EcoflapError: no samples to be had, others than the recipe names, or an allocation of another model.
            Cancelled: `progress` returned False; the model is dense then.
        """
        self._check(allocation)
        pruner = registry.find(recipe.pruner)
        if not pruner.moves and (recipe.calibration == "dense" or not pruner.calibrated):
            return self.ranked(recipe)
        return self._solver.ranked(allocation, recipe, progress)

    @contextmanager
    def state(self, allocation: Allocation | None, recipe: Recipe | None = None) -> Iterator[VisionLanguageModel]:
        """The model in the state of an allocation, or dense; nobody else changes it inside the context."""
        # Before the lock: a sequential calibration takes it for one pass after another.
        wanted = self._wanted(allocation, recipe)
        with self.held():
            self.masked.apply(*wanted)
            yield self.model

    def prune(self, allocation: Allocation | None, recipe: Recipe | None = None) -> int:
        """Apply an allocation, or restore the dense weights; returns how many layers were rewritten."""
        wanted = self._wanted(allocation, recipe)
        with self.held():
            return self.masked.apply(*wanted)

    def _wanted(
        self, allocation: Allocation | None, recipe: Recipe | None
    ) -> tuple[Mapping[str, int], Mapping[str, Ranked | Moved]]:
        """Weights kept by layer, and the ranks by which: what `MaskedModel.apply` takes; nothing where all is dense."""
        if allocation is None or recipe is None or allocation.total_kept == allocation.total:
            return {}, {}
        kept = dict(zip((layer.name for layer in allocation.layers), allocation.kept))
        return kept, self.ranked_for(allocation, recipe)

    def _check(self, allocation: Allocation) -> None:
        """Raise unless the allocation's layers are this model's."""
        self._check_there()
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
        settings: Settings | None = None,
        progress: Progress | None = None,
        source: str | None = None,
        watch: Callable[[Look], None] | None = None,
        spread: Spread | None = None,
    ) -> ScoreBundle:
        """Scores of every layer, from the cache where the same were measured before.

        Others can ask meanwhile: the model is held for one unit of work at a time. A run that was stopped goes on where
        it was. `source` is where samples come from, by default the engine's own; for `watch` and `spread` see
        `run.measure`.

        Raises:
            EcoflapError: no samples to be had, or an unknown method.
            Cancelled: `progress` said so.
        """
        with self._scoring:
            self._check_there()
            return scoring.score(self, settings or Settings(), progress, source, watch, spread)
