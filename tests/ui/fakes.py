"""A stand-in for the explorer: real arithmetic on a small bundle, no model, and a count of what was asked."""

import threading
from collections import Counter
from dataclasses import dataclass

from ecoflap.allocation import Plan, allocate
from ecoflap.asking import sample_of
from ecoflap.errors import EcoflapError
from ecoflap.models.kinds import Description
from ecoflap.types import Allocation, Answer, Layer, ScoreBundle


@dataclass(frozen=True)
class FakeStatus:
    ready: bool
    message: str
    error: str | None = None


@dataclass(frozen=True)
class FakeAsked:
    dense: Answer
    pruned: Answer
    allocation: Allocation
    seconds: dict


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

    loading = calibration = scores = failure = None
    holds = False  # cancelling goes on until `loaded` is set

    def __init__(
        self, bundle: ScoreBundle | None = None, is_demo: bool = True, loaded: bool = True, spec: str = "fake"
    ) -> None:
        self.bundle, self.is_demo, self.spec, self.name = bundle or small_bundle(), is_demo, spec, f"Model {spec}"
        self.error: EcoflapError | None = None
        self.described: Description | None = Description()
        self.calls: Counter[str] = Counter()
        self.questions: list[tuple[tuple[int, int] | None, str, float]] = []
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

    def wait(self) -> None:
        self.loaded.wait()
        if self.error is not None:
            raise self.error

    def facts(self) -> dict:
        return {"dtype": "float32", "dense": [("embedding", 1200), ("norm", 64)], "found": "Towers were found."}

    def allocate(self, recipe):
        self.calls["allocate"] += 1
        return allocate(self.bundle, recipe)

    def table(self, recipe):
        self.calls["table"] += 1
        return Plan(self.bundle, recipe).table()

    def ask(self, image, question, recipe):
        self.calls["ask"] += 1
        sample = sample_of(self.described.kind, image, question)
        self.questions.append((sample.image and sample.image.size, sample.question, recipe.target))
        dense = Answer("a red circle", ("a", "red", "circle"), (0.99, 0.9, 0.8))
        pruned = Answer("a red square", ("a", "red", "square"), (0.9, 0.6, 0.3)) if recipe.target > 0.3 else dense
        return FakeAsked(dense, pruned, self.allocate(recipe), {"dense": 0.0, "pruned": 0.0})
