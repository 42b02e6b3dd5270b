"""The bench's report and command: one flat object, bars, and facts about resuming that can turn out false."""

import json
import math

import pytest
import torch
from typer.testing import CliRunner

from ecoflap.bench import report, resuming
from ecoflap.cli import app
from ecoflap.engine import Engine
from ecoflap.importance.settings import Settings
from ecoflap.models import huggingface
from ecoflap.texts import table
from ecoflap.types import Loading

GOOD = {
    "zeroth_order_replay_speedup": 2.5,
    "zeroth_order_replay_speedup_blip2": 3.5,
    "first_order_gradient_memory_ratio": 0.1,
    "apply_over_copy": 2.0,
    "apply_speedup_over_sort": 30.0,
    "allocate_588_ms": 0.3,
    "allocate_96_targets_ms": 10.0,
    "resume_identical": True,
    "weights_identical": True,
}


@pytest.fixture
def engine(t5_folder, sample_folder):
    return Engine(huggingface.open_model(str(t5_folder), Loading("cpu")), str(sample_folder))


@pytest.fixture
def parts(monkeypatch):
    """Parts that measure nothing: all at their bars, and one figure more."""
    half = len(GOOD) // 2
    first, second = dict(list(GOOD.items())[:half]), dict(list(GOOD.items())[half:])
    monkeypatch.setattr(report, "PARTS", (lambda quick: second | {"apply_step_ms": 1.0}, lambda quick: first))


def run(*arguments):
    return CliRunner().invoke(app, ["bench", *arguments])


def test_json_is_one_flat_object_with_the_promised_keys_first(parts):
    done = run("--quick", "--format", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == GOOD | {"apply_step_ms": 1.0}
    assert list(json.loads(done.stdout)) == [*GOOD, "apply_step_ms"]


def test_the_table_says_what_is_measured_and_what_is_asked(parts):
    done = run()
    assert done.exit_code == 0
    for name in GOOD:
        assert name in done.stdout
    assert "≥ 2.5" in done.stdout
    assert "≤ 0.3" in done.stdout
    assert done.stdout.count("met") >= len(GOOD)


def test_every_figure_is_explained_and_nothing_else():
    explained = {key.removeprefix("bench.") for key in table() if key.startswith("bench.")}
    assert explained - {"yes", "no", "met", "missed"} == {figure.name for figure in report.FIGURES} == GOOD.keys()


@pytest.mark.parametrize("figure", report.FIGURES, ids=lambda figure: figure.name)
def test_a_bar_is_met_at_the_bar_and_not_beyond(figure):
    assert figure.met(GOOD[figure.name])
    worse = False if figure.bar is True else figure.bar * (0.99 if figure.at_least else 1.01)
    assert not figure.met(worse)
    assert not figure.met(math.nan)
    assert figure.row(worse)["met"] == "missed"


def test_every_part_is_told_and_asked_for_the_same_length(monkeypatch):
    asked, told = [], []
    monkeypatch.setattr(report, "PARTS", (lambda quick: asked.append(quick) or GOOD,) * 3)
    report.measure(True, told.append)
    assert (asked, told) == ([True] * 3, [1, 2, 3])


def test_a_resumed_run_is_found_identical_and_a_disturbed_one_is_not(engine):
    settings = Settings(samples=2, batch_size=1)
    assert resuming.resumed(engine, settings)
    stop = resuming.half_way

    def disturb(step):
        with torch.no_grad():
            next(iter(engine.model.linears.values())).weight.add_(1.0)
        return stop(step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resuming, "half_way", disturb)
        assert not resuming.resumed(engine, settings)


def test_the_hash_sees_a_single_bit_and_half_precision(engine):
    module = engine.model.module
    before = resuming.weights(module)
    assert resuming.weights(module) == before
    name, parameter = next(iter(module.named_parameters()))
    with torch.no_grad():
        parameter.view(torch.int32).view(-1)[-1].bitwise_xor_(1)
    assert resuming.weights(module) != before
    with torch.no_grad():
        parameter.view(torch.int32).view(-1)[-1].bitwise_xor_(1)
    assert resuming.weights(module) == before
    assert resuming.weights(module.bfloat16()) != before


def test_pruning_and_going_back_is_seen(engine, monkeypatch):
    before = resuming.weights(engine.model.module)
    assert resuming.prunes(engine)
    assert resuming.weights(engine.model.module) == before
