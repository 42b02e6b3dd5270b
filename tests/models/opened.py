"""A tiny model with what the conformance suite needs around it: samples, a reference, an engine."""

import csv
import re
from pathlib import Path
from typing import Protocol

import pytest
import torch
from PIL import Image

from ecoflap.engine import Engine
from ecoflap.models.base import VisionLanguageModel
from ecoflap.models.registry import open_model
from ecoflap.types import Loading, Sample

# Modality -> path of a stack of blocks, or of a matrix outside any -> number of prunable matrices in it.
Stacks = dict[str, dict[str, int]]
# Tokens of an answer at most.
WORDS = 6


class Reference(Protocol):
    """The same model, computed without the adapter."""

    def losses(self, sample: Sample) -> list[float]:
        """Cross-entropy in nats of every token of the sample's answer, the end token included, alone and unpadded."""

    def answer(self, sample: Sample) -> list[tuple[str, float]]:
        """Up to WORDS greedy tokens with their probabilities, special tokens left out."""


def stacks(model: VisionLanguageModel) -> Stacks:
    """What was found, in the form of the literal expectations."""
    found: Stacks = {}
    for layer in model.layers:
        numbers = found.setdefault(layer.modality, {})
        stack = re.sub(r"(\.\d+)+$", "", layer.block)
        numbers[stack] = numbers.get(stack, 0) + 1
    return found


def picture(width: int, height: int) -> Image.Image:
    """A picture whose every part differs."""
    bands = [Image.linear_gradient("L").rotate(angle).resize((width, height)) for angle in (0, 90, 180)]
    return Image.merge("RGB", bands)


def weights(model: VisionLanguageModel) -> dict[str, torch.Tensor]:
    """A copy of all weights."""
    return {name: value.detach().clone() for name, value in model.module.state_dict().items()}


class Opened:
    """Give `folder`, `reference` and `expected`; override `samples` where a question is no picture with a text."""

    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory) -> Path:
        """A tiny random model with everything that belongs to it."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    def reference(self, folder) -> Reference:
        """The model of `folder`, loaded without the adapter."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    def expected(self) -> Stacks:
        """What is to be found in it."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    def idle(self) -> tuple[str, ...]:
        """Names of the layers that run although nothing reads what they make."""
        return ()

    @pytest.fixture(scope="class")
    def samples(self) -> list[Sample]:
        """Samples whose pictures, questions and answers differ in size."""
        return [
            Sample(picture(40, 32), "what is there ?", "a red circle"),
            Sample(picture(32, 64), "is there a square in the picture ?", "yes"),
            Sample(picture(48, 48), "which ?", "blue"),
        ]

    def open(self, folder: Path, dtype: str = "float32") -> VisionLanguageModel:
        """The model of `folder` as people open it."""
        return open_model(str(folder), Loading("cpu", dtype))

    @pytest.fixture(scope="class")
    def model(self, folder) -> VisionLanguageModel:
        """The model, which no test changes."""
        return self.open(folder)

    @pytest.fixture(scope="class")
    def source(self, samples, tmp_path_factory) -> Path:
        """The samples as a calibration folder."""
        folder = tmp_path_factory.mktemp("samples")
        rows = []
        for i, sample in enumerate(samples):
            row = {"question": sample.question, "answer": sample.answer}
            if sample.image is not None:
                row["image"] = f"{i}.png"
                sample.image.save(folder / row["image"])
            rows.append({key: value for key, value in row.items() if value})
        with (folder / "samples.csv").open("w", newline="") as file:
            table = csv.DictWriter(file, sorted(rows[0]))
            table.writeheader()
            table.writerows(rows)
        return folder

    @pytest.fixture
    def engine(self, folder, source) -> Engine:
        """An engine over a model of its own."""
        return Engine(self.open(folder), str(source))
