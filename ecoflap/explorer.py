"""The facade that the page, the command line and the API call: open, score, allocate, ask.

Reading a bundle and allocating need no torch; the model loads in a thread of its own, so a page can open before it.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecoflap.allocation import Plan, allocate
from ecoflap.allocation.registry import find
from ecoflap.errors import EcoflapError
from ecoflap.models.registry import DEMO_SCORES, check_spec, open_model
from ecoflap.texts import say
from ecoflap.types import Allocation, Answer, Loading, Recipe, Sample, ScoreBundle

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from ecoflap.engine import Engine
    from ecoflap.importance.run import Step
    from ecoflap.importance.settings import Settings

# Tables and dense answers that are kept; each is small (a table of 588 layers is 450 KB).
KEPT_TABLES, KEPT_ANSWERS = 32, 256
MAX_QUESTION = 500


@dataclass(frozen=True)
class Status:
    """How far loading is: `ready`, or a `message` of what goes on, or the `error` that ended it."""

    ready: bool
    message: str
    error: str | None = None


@dataclass(frozen=True)
class Asked:
    """The dense and the pruned answer to one question, the allocation that pruned, and seconds by stage."""

    dense: Answer
    pruned: Answer
    allocation: Allocation
    seconds: dict[str, float]


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


class Explorer:
    """One model and its score bundle, shared by everybody who looks at the page."""

    def __init__(
        self, model: str, bundle: ScoreBundle | None, loading: Loading | None = None, calibration: str | None = None
    ) -> None:
        """Remember what to open; `start` loads it. Use `Explorer.open`."""
        self.spec, self.bundle, self.loading, self.calibration = model, bundle, loading, calibration
        self.engine: Engine | None = None
        self._error: Exception | None = None
        self._message = ("status.loading", {"model": model})
        self._done = threading.Event()
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
        explorer = cls(model, bundle, loading, calibration)
        if start:
            explorer.start(prepare)
        return explorer

    def start(self, prepare: bool = True) -> None:
        """Load the model in a thread of its own. Called once; a page that is to open first calls it afterwards."""
        threading.Thread(target=self._load, args=(prepare,), daemon=True, name="load").start()

    def _load(self, prepare: bool) -> None:
        """Load the model, and with `prepare` everything that the first question would wait for."""
        try:
            from ecoflap.engine import Engine

            engine = Engine(open_model(self.spec, self.loading), self.calibration)
            if self.bundle is not None:
                self._check_bundle(engine)
            if prepare:
                self._prepare(engine)
            self.engine = engine
        except Exception as error:  # whatever it is, it is told to whoever waits, with its name
            self._error = error
        finally:
            self._done.set()

    def _prepare(self, engine: "Engine") -> None:
        """Score where there is no bundle; rank the weights for the default recipe."""
        if self.bundle is None:
            self.bundle = engine.score(progress=self._tell)
        if self.calibration is not None or self.spec == "demo":
            self._message = ("status.ranking", {})
            engine.ranked(Recipe())

    def _tell(self, step: "Step") -> None:
        if step.left == step.left:  # no estimate before the first layer
            minutes = f"{step.left / 60:.1f}"
            self._message = ("status.scoring", {"done": step.done, "total": step.total, "minutes": minutes})

    def _check_bundle(self, engine: "Engine") -> None:
        """Raise where the bundle is of another model: shapes for any bundle, weights where it names them."""
        shapes = {layer.name: (layer.rows, layer.cols) for layer in engine.model.layers}
        for layer in self.bundle.layers:
            if shapes.get(layer.name) != (layer.rows, layer.cols):
                raise EcoflapError("bundle_of_other_model", layer=layer.name, model=engine.model.name)
        measured_on = self.bundle.facts.get("model_fingerprint", engine.fingerprint)
        if measured_on != engine.fingerprint:
            raise EcoflapError("bundle_of_other_weights", wanted=measured_on, found=engine.fingerprint)

    @property
    def is_demo(self) -> bool:
        """Whether this is the embedded model, which knows drawn shapes only."""
        return self.spec == "demo"

    @property
    def name(self) -> str:
        """The model's name, for people."""
        return say("models.demo_name") if self.is_demo else self.spec

    def status(self, language: str = "en") -> Status:
        """How far loading is."""
        if not self._done.is_set():
            key, facts = self._message
            return Status(False, say(key, language, **facts))
        if self._error is None:
            return Status(True, say("status.ready", language))
        known = isinstance(self._error, EcoflapError)
        text = self._error.text(language) if known else f"{type(self._error).__name__}: {self._error}"
        return Status(False, text, text)

    def wait(self) -> "Engine":
        """The engine, as soon as the model is there.

        Raises:
            EcoflapError: the model could not be loaded.
        """
        self._done.wait()
        if isinstance(self._error, EcoflapError):
            raise self._error
        if self._error is not None:
            raise EcoflapError("model_failed", model=self.spec, reason=f"{type(self._error).__name__}: {self._error}")
        return self.engine

    def facts(self) -> dict[str, Any]:
        """Device, type, number of parameters, prunable weights, and what stays dense as (kind, weights)."""
        engine = self.wait()
        model = engine.model
        return {
            "device": str(model.device),
            "dtype": str(engine.dtype).removeprefix("torch."),
            "parameters": sum(p.numel() for p in model.module.parameters()),
            "prunable": sum(layer.size for layer in model.layers),
            "dense": list(model.dense),
        }

    def scored(self, recipe: Recipe) -> ScoreBundle:
        """The bundle that `recipe` is allocated on; scores the model first where scores are needed and missing."""
        if self.bundle is not None:
            return self.bundle
        engine = self.wait()
        if recipe.target == 0 or not find(recipe.allocator).needs:
            return ScoreBundle(engine.model.name, "shapes", engine.model.layers)
        with self._scoring:  # whoever comes second takes what the first one scored
            self.bundle = self.bundle or engine.score(_settings_for(recipe))
        return self.bundle

    def allocate(self, recipe: Recipe) -> Allocation:
        """Weights kept per layer for `recipe`."""
        return allocate(self.scored(recipe), recipe)

    def table(self, recipe: Recipe) -> "np.ndarray":
        """Sparsity of every layer at every slider position: (96, layers), NaN where the cap leaves no solution."""
        bundle, base = self.scored(recipe), replace(recipe, target=0.0)
        key = (bundle.fingerprint, repr(base))
        found = self._tables.get(key)
        return found if found is not None else self._tables.put(key, Plan(bundle, base).table())

    def ask(self, image: "Image.Image", question: str, recipe: Recipe) -> Asked:
        """The dense and the pruned answer; the dense one is kept for the next recipe.

        Raises:
            EcoflapError: no picture, no question, a question too long, or a recipe that cannot be.
        """
        if image is None:
            raise EcoflapError("picture_none")
        sample = Sample(image, checked_question(question), "")
        allocation = self.allocate(recipe)
        engine = self.wait()
        began = time.perf_counter()
        key = (sample.question, image.mode, image.size, hashlib.sha256(image.tobytes()).digest())
        dense = self._answers.get(key) or self._answers.put(key, engine.answer([sample], None, None)[0])
        middle = time.perf_counter()
        pruned = engine.answer([sample], allocation, recipe)[0]
        seconds = {"dense": middle - began, "pruned": time.perf_counter() - middle}
        return Asked(dense, pruned, allocation, seconds)


def _settings_for(recipe: Recipe) -> "Settings":
    """How to measure what the recipe's allocator needs."""
    from ecoflap.importance.settings import Settings

    return Settings("response") if "curve" in find(recipe.allocator).needs else Settings()


def checked_question(question: str) -> str:
    """The question without blanks around it.

    Raises:
        EcoflapError: it is no text, empty, or longer than MAX_QUESTION characters.
    """
    if not isinstance(question, str | None):
        raise EcoflapError("not_a_text", name="question", value=question)
    # A lone surrogate is no text that a tokenizer takes.
    text = (question or "").encode("utf-8", "replace").decode().strip()
    if not text:
        raise EcoflapError("question_empty")
    if len(text) > MAX_QUESTION:
        raise EcoflapError("question_long", length=len(text), most=MAX_QUESTION)
    return text
