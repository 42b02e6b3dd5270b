"""Sequential calibration of a loaded model: samples, passes under the engine's lock, and norms that outlive the run."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import torch

from ecoflap import store
from ecoflap.data.samples import Samples
from ecoflap.importance.precision import in_float32
from ecoflap.importance.settings import REPLAY_BYTES
from ecoflap.masking import Moved, Ranked, rank_model
from ecoflap.pruning.reconstruction import Reconstruction
from ecoflap.pruning.registry import Pruner, find
from ecoflap.pruning.sequential import Progress, Sequential
from ecoflap.types import Allocation, Recipe

if TYPE_CHECKING:
    from ecoflap.engine import Engine


class Solver:
    """Ranks that hold for one allocation, because its counts decide what the layers are given."""

    def __init__(self, engine: "Engine") -> None:
        """Calibrate the model of `engine`."""
        self._engine = engine
        self.lock = threading.Lock()
        # The last ranks and what they are of; they are as large as the model, so no others are kept.
        self._place: tuple[str, str, str, tuple[tuple[str, int], ...]] | None = None
        self._ranked: dict[str, Ranked | Moved] = {}

    def forget(self) -> None:
        """Free the last ranks."""
        self._place, self._ranked = None, {}

    def ranked(
        self, allocation: Allocation, recipe: Recipe, progress: Progress | None = None
    ) -> Mapping[str, Ranked | Moved]:
        """See `Engine.ranked_for`."""
        lost = tuple((layer.name, n) for layer, n in zip(allocation.layers, allocation.kept) if n < layer.size)
        if not lost:
            return {}
        place = (recipe.pruner, recipe.calibration, recipe.compared, lost)
        with self.lock:
            if self._place != place:
                self.forget()
                found = self._engine.calibration_samples()
                self._engine.check_samples(recipe)
                self._ranked = self._calibrated(found, dict(lost), recipe, progress)
                self._place = place
            self._engine.check_samples(recipe)
            return self._ranked

    def _calibrated(
        self, found: Samples, kept: dict[str, int], recipe: Recipe, progress: Progress | None
    ) -> dict[str, Ranked | Moved]:
        """Ranks by norms from the cache, else from a solve."""
        engine, pruner = self._engine, find(recipe.pruner)
        if pruner.moves:
            return self._sequential(found, kept, pruner, recipe, progress).solve().ranked
        layers = {name: engine.masked.layers[name] for name in kept}
        rule = {"calibration": recipe.calibration, "pruner": recipe.pruner, "scope": recipe.compared, "kept": kept}
        name = engine.norms_key(found, **rule)
        norms = engine.cached_norms(name, layers)
        if norms is not None:
            dense = engine.masked.dense
            return rank_model(layers, lambda layer: pruner.importance(dense[layer], norms[layer]), recipe.compared)
        solved = self._sequential(found, kept, pruner, recipe, progress).solve()
        store.try_to(store.keep_norms, name, solved.norms)
        return solved.ranked

    @contextmanager
    def _held(self) -> Iterator[None]:
        """The model for nobody else, computing in float32 as where norms are measured on the dense model."""
        model = self._engine.model
        with self._engine.held(), in_float32(model.module, model.blocks.values()):
            yield

    def _sequential(
        self, found: Samples, kept: dict[str, int], pruner: Pruner, recipe: Recipe, progress: Progress | None
    ) -> Sequential:
        """What is to be solved. Others see whole states only: each of their passes begins with masks of their own."""
        model = self._engine.model
        with self._held(), torch.no_grad():
            batches = [model.encode([sample]) for sample in found.samples]
        how = partial(Reconstruction, on_dense=recipe.calibration == "dense") if pruner.moves else Sequential
        return how(
            self._engine.masked,
            model.blocks,
            model.loss,
            batches,
            kept,
            pruner.importance,
            recipe.compared,
            most_bytes=REPLAY_BYTES,
            hold=self._held,
            progress=progress,
        )
