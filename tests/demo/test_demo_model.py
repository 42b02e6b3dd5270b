"""The shipped model: on twenty scenes drawn with a brush that no training saw, and on fresh drawn scenes."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from ecoflap.demo.evaluate import DEMO, accuracy, load_answerer
from ecoflap.demo.questions import KINDS, samples
from ecoflap.types import Sample

HERE = Path(__file__).parent / "hand_drawn"


def _samples() -> list[Sample]:
    scenes = json.loads((HERE / "questions.json").read_text(encoding="utf-8"))
    return [
        Sample(Image.open(HERE / scene["picture"]).convert("RGB"), pair["question"], pair["answer"], pair["kind"])
        for scene in scenes
        for pair in scene["questions"]
    ]


def test_there_are_twenty_pictures_with_three_questions_of_every_type():
    found = _samples()
    assert len(found) == 60
    assert len({np.asarray(sample.image).tobytes() for sample in found}) == 20
    assert {sample.kind for sample in found} == set(KINDS)


def test_the_demo_model_answers_at_least_seven_in_ten():
    found = accuracy(load_answerer(DEMO), _samples())
    assert found.overall.value >= 0.7, {kind: (share.right, share.total) for kind, share in found.by_type.items()}


def test_the_demo_model_answers_fresh_questions_of_every_type():
    found = accuracy(load_answerer(DEMO), samples("evaluation", 180, seed=20))
    assert found.overall.value >= 0.9
    assert min(share.value for share in found.by_type.values()) >= 0.75
