"""A stand-in for the explorer: real arithmetic on a small bundle, no model, and a count of what was asked."""

import threading
from collections import Counter
from dataclasses import dataclass

from ecoflap.allocation import Plan, allocate
from ecoflap.asking import DENSE, PINNED, PRUNED, Asked, Said, sample_of
from ecoflap.errors import EcoflapError
from ecoflap.importance.settings import Settings
from ecoflap.measuring import Cost, Measurement, Measuring
from ecoflap.models.kinds import Description
from ecoflap.types import Answer, Layer, ScoreBundle
from ecoflap.types.bundle import chosen


@dataclass(frozen=True)
class FakeStatus:
    ready: bool
    message: str
    error: str | None = None


def small_bundle() -> ScoreBundle:
    """Two vision blocks, two of a Q-Former, its projection, and a T5 of one encoder and one decoder block."""
    names = {
        ("vision", "vision_model.encoder.layers.{i}"): ("self_attn.qkv", "self_attn.projection", "mlp.fc1", "mlp.fc2"),
        ("bridge", "qformer.encoder.layer.{i}"): ("attention.attention.query", "crossattention.attention.key"),
        ("language", "language_model.encoder.block.{i}"): ("layer.0.SelfAttention.q", "layer.1.DenseReluDense.wi_0"),
        ("language", "language_model.decoder.block.{i}"): ("layer.1.EncDecAttention.v", "layer.2.DenseReluDense.wo"),
    }
    layers = []
    for (modality, pattern), inside in names.items():
        for i in range(2):
            block = pattern.format(i=i)
            for place, name in enumerate(inside):
                score = 1.0 + 2 * i + 0.5 * place + len(layers) % 3
                layers.append(Layer(f"{block}.{name}", block, modality, 24 + 8 * place, 32, score, 0.05 * score, 8))
    layers.append(Layer("language_projection", "language_projection", "bridge", 32, 32, 1.0))
    return ScoreBundle("fake", "zeroth-order", tuple(layers))


class FakeExplorer:
    """The explorer's interface: `calls` counts, `loaded` says the model is there, `answers` maps target to text."""

    loading = calibration = scores = failure = engine = None
    has_model = True
    saying: threading.Semaphore | None = None  # every word of an answer waits for it
    holds = False  # cancelling goes on until `loaded` is set

    def __init__(
        self, bundle: ScoreBundle | None = None, is_demo: bool = True, loaded: bool = True, spec: str = "fake"
    ) -> None:
        self.bundle, self.is_demo, self.spec, self.name = bundle or small_bundle(), is_demo, spec, f"Model {spec}"
        self.error: EcoflapError | None = None
        self.described: Description | None = Description()
        self.calls: Counter[str] = Counter()
        self.questions: list[tuple[tuple[int, int] | None, str, float]] = []
        self.asked_before: set[tuple[str, str]] = set()
        self.added: list[ScoreBundle] = []
        self.origins: dict[str, str] = {}
        self.measurements = Measuring()
        self.measured: list[tuple[Settings, str | None]] = []
        self.loaded = threading.Event()
        if loaded:
            self.loaded.set()

    def start(self) -> None:
        self.calls["start"] += 1

    def cancel(self) -> None:
        self.error = EcoflapError("loading_cancelled", model=self.spec)
        if not self.holds:
            self.loaded.set()

    def close(self) -> None:
        self.calls["close"] += 1

    def check_scored(self, recipe) -> None:
        self.calls["check_scored"] += 1

    def status(self, language: str = "en") -> FakeStatus:
        ready = self.loaded.is_set()
        words = "The model is ready." if ready else "Loading the model fake …"
        return FakeStatus(ready, self.failure or words, self.failure)

    def loaded_within(self, seconds: float) -> bool:
        return self.loaded.wait(seconds)

    def wait(self) -> "FakeExplorer":
        """What would be the engine: itself."""
        self.loaded.wait()
        if self.error is not None:
            raise self.error
        return self

    def answer(self, samples, allocation, recipe):
        """As an engine answers many: dense "a red circle", pruned "a red square", told apart by `allocation`."""
        self.calls["answer"] += 1
        return [Answer("a red square" if allocation else "a red circle", (), ()) for _ in samples]

    def facts(self) -> dict:
        return {"dtype": "float32", "dense": [("embedding", 1200), ("norm", 64)], "found": "Towers were found."}

    @property
    def bundles(self) -> tuple[ScoreBundle, ...]:
        return () if self.bundle is None else (self.bundle, *self.added)

    @property
    def layers(self) -> tuple[Layer, ...]:
        return () if self.bundle is None else self.bundle.layers

    @property
    def measuring(self) -> Measurement | None:
        return self.measurements.now

    def measure(self, settings, source=None) -> Measurement:
        """Takes the place of a run and measures nothing."""
        self.measured.append((settings, source))
        return self.measurements.begin(settings, source)

    def stop_measuring(self) -> None:
        self.calls["stop_measuring"] += 1

    def cost(self, settings) -> Cost:
        return Cost(settings.samples, 10.0 * settings.samples, None)

    def add_scores(self, path) -> ScoreBundle:
        self.added.append(ScoreBundle.read(path, path.name))
        self.origins[self.added[-1].fingerprint] = "file"
        return self.added[-1]

    def scored(self, recipe):
        return chosen(self.bundles, recipe.bundle)

    def allocate(self, recipe):
        self.calls["allocate"] += 1
        return allocate(self.scored(recipe), recipe)

    def table(self, recipe):
        self.calls["table"] += 1
        return Plan(self.scored(recipe), recipe).table()

    def ask(self, image, question, recipe, pinned=None, tell=None):
        """The dense answer, another one above 30%; told word by word, each waiting for `saying` where that is set."""
        self.calls["ask"] += 1
        sample = sample_of(self.described.kind, image, question)
        self.questions.append((sample.image and sample.image.size, sample.question, recipe.target))
        dense = Answer("a red circle", ("a", "red", "circle"), (0.99, 0.9, 0.8))
        pruned = Answer("a red square", ("a", "red", "square"), (0.9, 0.6, 0.3))
        said = {}
        for name, asked in ((DENSE, None), (PRUNED, recipe), (PINNED, pinned)):
            if name == PINNED and pinned is None:
                continue
            answer = pruned if asked and asked.target > 0.3 else dense
            key = (sample.question, repr(asked))
            surprise = None if tell is None else 0.42 if answer is pruned else 0.01
            allocation = asked and self.allocate(asked)
            if tell is not None and key not in self.asked_before:
                self._tell_words(tell, name, answer, allocation)
            said[name] = Said(answer, allocation, True, 0.25, key in self.asked_before, surprise)
            self.asked_before.add(key)
            if tell is not None:
                tell(name, said[name])
        return Asked(said)

    def _tell_words(self, tell, name, answer, allocation) -> None:
        """Nothing yet, then one word more each time that `saying` is released."""
        for count in range(len(answer.tokens) + 1):
            if self.saying is not None and count:
                self.saying.acquire()
            words = answer.tokens[:count]
            tell(name, Said(Answer(" ".join(words), words, answer.probabilities[:count]), allocation))


def asked(handlers, token, question, *knobs, pinned=None, who="one", page=None):
    """What the page yields to somebody who asks."""
    from types import SimpleNamespace

    from ecoflap.ui.asking import Asking
    from ecoflap.ui.jobs import Jobs

    page = page or Asking(handlers, Jobs())
    return page.ask(SimpleNamespace(session_hash=who), token, question, pinned, *knobs)
