"""The facade that the page, the command line and the API call: open, score, allocate, ask.

Reading a bundle and allocating need no torch; the model loads in a thread of its own, so a page can open before it.
"""

import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecoflap.allocation import Plan, allocate
from ecoflap.allocation.registry import find
from ecoflap.asking import DENSE, PINNED, PRUNED, Asked, Tell, ask, sample_of
from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.loader import Loader
from ecoflap.measuring import Cost, Measurement
from ecoflap.models.kinds import Description, describe
from ecoflap.models.registry import DEMO_SCORES, check_spec
from ecoflap.shelf import check_bundle
from ecoflap.texts import Phrase
from ecoflap.types import Allocation, Answer, Loading, Recipe, ScoreBundle
from ecoflap.types.bundle import chosen

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from ecoflap.engine import Engine
    from ecoflap.importance.settings import Settings

# Tables and answers that are kept; each is small (a table of 588 layers is 450 KB).
KEPT_TABLES, KEPT_ANSWERS = 32, 256
# Bytes of a score file: 588 layers with curves take 1 MB.
MOST_SCORES = 32 * 10**6


class _Kept:
    """The last few values by key, for one process and many threads."""

    def __init__(self, most: int) -> None:
        self._most, self._lock, self._values = most, threading.Lock(), OrderedDict()

    def get(self, key: Any) -> Any:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Any, value: Any) -> Any:
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value


class Explorer(Loader):
    """One model and its score bundle, shared by everybody who looks at the page. Made by `Explorer.open`."""

    def __init__(self, *opened: Any) -> None:
        super().__init__(*opened)
        self._scoring = threading.Lock()
        self._tables, self._answers = _Kept(KEPT_TABLES), _Kept(KEPT_ANSWERS)

    @classmethod
    def open(
        cls,
        model: str = "demo",
        scores: str | Path | None = None,
        loading: Loading | None = None,
        calibration: str | None = None,
        prepare: bool = True,
        start: bool = True,
    ) -> "Explorer":
        """Open `model`: its bundle at once, its weights in the background.

        Args:
            model: `demo`, a folder or a hub id.
            scores: a score bundle; None takes the shipped or cached one, or scores first.
            loading: how to load it; by default on the GPU where there is one.
            calibration: where samples come from; None for what the model brings.
            prepare: also score (where there is no bundle) and rank weights in the background.
            start: begin at once; otherwise `start()` begins it.

        Raises:
            EcoflapError: the bundle cannot be read, or the model needs calibration samples and has none.
        """
        path = Path(scores) if scores else (DEMO_SCORES if model == "demo" and DEMO_SCORES.is_file() else None)
        bundle = ScoreBundle.read(path) if path else None
        if prepare and bundle is None and calibration is None and model != "demo":
            check_spec(model)
            raise EcoflapError("calibration_missing", model=model)
        if calibration is not None:
            from ecoflap.data.registry import check_source

            check_source(calibration)
        explorer = cls(model, bundle, loading, calibration)
        explorer.scores = scores
        if start:
            explorer.start(prepare)
        return explorer

    @property
    def is_demo(self) -> bool:
        """Whether this is the embedded model, which knows drawn shapes only."""
        return self.spec == "demo"

    @property
    def name(self) -> str:
        """The model's name, for people."""
        return Phrase("models.demo_name") if self.is_demo else self.spec

    def facts(self) -> dict[str, Any]:
        """Device, type, number of parameters, prunable weights, what stays dense as (kind, weights), what was found."""
        if self._facts is None:
            self.wait()
        return dict(self._facts)

    def scored(self, recipe: Recipe) -> ScoreBundle:
        """The bundle that `recipe` is allocated on; scores the model first where scores are needed and missing."""
        if self.bundle is not None:
            # Whether a recipe fits the only one there is, the allocation says.
            return chosen(self.bundles, recipe.bundle) if len(self.bundles) > 1 else self.bundle
        engine = self.wait()
        if recipe.target == 0 or recipe.fixed or not find(recipe.allocator).needs:
            return ScoreBundle(engine.model.name, "shapes", engine.model.layers)
        with self._scoring:  # whoever comes second takes what the first one scored
            if self.bundle is None:
                self.bundle = self._scores(engine, recipe)
        return self.bundle

    def _scores(self, engine: "Engine", recipe: Recipe) -> ScoreBundle:
        try:
            return engine.score(_settings_for(recipe), self._tell)
        except Cancelled as error:
            raise EcoflapError("scoring_cancelled", model=self.spec) from error

    def check_scored(self, recipe: Recipe) -> None:
        """Raise where `recipe` would have to wait until the model is scored, which may take hours."""
        needs = recipe.target > 0 and not recipe.fixed and find(recipe.allocator).needs
        if needs and self.bundle is None:
            raise EcoflapError("scores_pending", state=self.state())

    @property
    def measuring(self) -> Measurement | None:
        """The run of scoring that goes on, or how the last one ended; None before any."""
        return self.measurements.now

    def measure(self, settings: "Settings", source: str | None = None) -> Measurement:
        """Begin to measure scores in the background; they join `bundles` as soon as they are there.

        Whoever asks the model meanwhile waits for one unit of work at most. A run that is stopped keeps what it has
        measured, and the next one of the same settings goes on there.

        Args:
            settings: what to measure.
            source: where the samples come from, as `--calibration` takes it; None for what the model brings.

        Raises:
            EcoflapError: a run goes on already, the model is not loaded, or the method or the source is unknown.
        """
        engine = self._there()
        from ecoflap.data.registry import check_source
        from ecoflap.importance.registry import find as find_method  # brings torch

        find_method(settings.method)
        check_source(source)
        return self.measurements.start(engine, settings, source, self._take, self._told)

    def stop_measuring(self) -> None:
        """End the run at its next unit; what it has measured is kept."""
        self.measurements.stop()

    def cost(self, settings: "Settings") -> Cost:
        """What `measure` would take, at most.

        Raises:
            EcoflapError: the model is not loaded, or the method is unknown.
        """
        return self.measurements.cost(self._there(), settings)

    def add_scores(self, path: Path) -> ScoreBundle:
        """Add the score bundle in an uploaded file; errors call it by its name, for where it lies is the host's affair.

        Raises:
            EcoflapError: it cannot be read, is too large, or is of another model; or the model is not loaded, or is
                being scored for the first time.
        """
        engine = self._there()
        check_size(path, path.name)
        bundle = ScoreBundle.read(path, path.name)
        check_bundle(engine, bundle)
        if self.bundle is None and self._scores_soon:  # or one person's file would be what everybody gets
            raise EcoflapError("scores_first", model=self.spec)
        self.add(bundle, "file")
        return bundle

    def _there(self) -> "Engine":
        """The engine, if the model is loaded."""
        if self.engine is None:
            raise EcoflapError("measuring_early", state=self.state())
        return self.engine

    def allocate(self, recipe: Recipe) -> Allocation:
        """Weights kept per layer for `recipe`."""
        return allocate(self.scored(recipe), recipe)

    def table(self, recipe: Recipe) -> "np.ndarray":
        """Sparsity of every layer at every slider position: (96, layers), NaN where the cap leaves no solution."""
        bundle, base = self.scored(recipe), recipe if recipe.fixed else replace(recipe, target=0.0)
        key = (bundle.fingerprint, repr(base))
        found = self._tables.get(key)
        return found if found is not None else self._tables.put(key, Plan(bundle, base).table())

    @property
    def described(self) -> Description | None:
        """The model's kind and labels: of the loaded one, before that what its files say; None where nobody knows."""
        if self._described is None:
            self._described = describe(self.spec)
        return self._described

    def ask(
        self,
        image: "Image.Image | None",
        question: str,
        recipe: Recipe,
        pinned: Recipe | None = None,
        tell: Tell | None = None,
    ) -> Asked:
        """The dense and the pruned answer, and that of the pinned recipe; all are kept for the next time.

        Args:
            image: the picture; None for a model that reads text alone.
            question: empty for a classifier; the labels, separated by commas, for a zero-shot model.
            recipe: prunes the second model.
            pinned: prunes the third one; None for none.
            tell: told the answers while they grow, and how surprising the dense one is; None for the answers alone.

        Raises:
            EcoflapError: no picture, no question, a question too long, one of them to a model that has no use for it,
                or a recipe that cannot be.
            Cancelled: `tell` said so.
        """
        if self.described is None:
            self.wait()
        sample = sample_of(self.described.kind, image, question)
        recipes = {DENSE: (None, None), PRUNED: (self.allocate(recipe), recipe)}
        if pinned is not None:
            recipes[PINNED] = (self.allocate(pinned), pinned)
        return ask(self.wait(), sample, recipes, self._answers, tell)

    def dense(self, image: "Image.Image | None", question: str) -> Answer:
        """The dense answer alone, from before where it was asked before; arguments and errors as of `ask`."""
        if self.described is None:
            self.wait()
        sample = sample_of(self.described.kind, image, question)
        return ask(self.wait(), sample, {DENSE: (None, None)}, self._answers).dense


def check_size(path: Path, name: str = "") -> None:
    """Raise where a score file, called `name` or else by its path, is larger than any can be."""
    if path.is_file() and path.stat().st_size > MOST_SCORES:
        size = f"{path.stat().st_size / 1e6:.0f}"
        raise EcoflapError("scores_large", path=name or path, size=size, most=MOST_SCORES // 10**6)


def _settings_for(recipe: Recipe) -> "Settings":
    """How to measure what the recipe's allocator needs."""
    from ecoflap.importance.settings import Settings

    return Settings("response") if "curve" in find(recipe.allocator).needs else Settings()
