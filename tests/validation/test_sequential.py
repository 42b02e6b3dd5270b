"""The section on sequential calibration: agreement and paired difference that can be read off, and one row."""

import json
import math

import pytest
import torch

from ecoflap.allocation import allocate
from ecoflap.engine import Engine
from ecoflap.evaluation import Questions
from ecoflap.importance.settings import Settings
from ecoflap.models import huggingface
from ecoflap.types import Loading, Recipe
from ecoflap.validation import sequential
from tests.tiny import samples


def mask(text):
    return torch.tensor([letter == "x" for letter in text])


def test_agreement_is_over_all_weights_and_over_the_removed_ones():
    one = {"a": mask("xx....xx"), "b": mask(".x")}
    other = {"a": mask("xx...x.x"), "b": mask("x.")}
    # Of 10 weights 4 differ; of the 5 removed ones 3 are removed by both.
    assert sequential.agreement(one, other) == {"same": 0.6, "removed_in_common": 0.6}
    assert sequential.agreement({"a": mask("xxx.")}, {"a": mask(".xxx")}) == {"same": 0.5, "removed_in_common": 0.0}


def test_a_paired_difference_counts_what_changed():
    dense, new = [True] * 6 + [False] * 4, [False] + [True] * 5 + [True] * 3 + [False]
    found = sequential.paired(dense, new)
    assert (found["value"], found["gained"], found["lost"]) == (0.2, 3, 1)
    # With half a question more in each outcome: 3.5 gained and 1.5 lost of 12.
    half = 1.959964 * math.sqrt((5 / 12 - (2 / 12) ** 2) / 12)
    assert found["interval"] == pytest.approx([2 / 12 - half, 2 / 12 + half], abs=1e-6)
    low, high = sequential.paired([True] * 50, [True] * 50)["interval"]
    assert low == -high and 0 < high < 0.1


def test_a_row_holds_both_calibrations_and_is_json(t5_folder, sample_folder):
    engine = Engine(huggingface.open_model(str(t5_folder), Loading("cpu")), str(sample_folder))
    bundle, told = engine.score(Settings(samples=3)), []
    recipe = Recipe(0.6)
    row = sequential.row(
        engine, allocate(bundle, recipe), recipe, Questions(samples()), lambda *step: told.append(step)
    )
    assert json.loads(json.dumps(row)) == row
    assert row["achieved"] == pytest.approx(0.6, abs=1e-3)
    # Both remove as many: each weight that one alone removes, the other makes up for.
    other = 1 - row["masks"]["removed_in_common"]
    assert 0 < other < 0.5
    assert 1 - row["masks"]["same"] == pytest.approx(2 * row["achieved"] * other)
    assert row["accuracy"].keys() == row["seconds"].keys() == {"dense", "sequential"}
    assert row["accuracy"]["dense"]["questions"] == 3
    assert {what for what, _, _ in told} == {"60% dense", "60% sequential"}
