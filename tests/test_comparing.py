"""Statistics of sweeps: intervals that cover the truth, differences by hand, and where accuracy falls."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from ecoflap.cli import app
from ecoflap.comparing import Measured, difference, falls
from ecoflap.errors import EcoflapError
from ecoflap.sweep import DENSE, SweepPoint
from ecoflap.sweep_file import SweepFile
from ecoflap.types.marks import from_text, to_text


def point(allocator, target, seed, marks):
    accuracy = sum(marks) / len(marks)
    shares = {"questions": len(marks), "correct": sum(marks), "accuracy": accuracy, "low": 0.0, "high": 1.0}
    name = DENSE if allocator == DENSE else "wanda"
    rest = {"loss": 0.1, "agreement": 1.0, "by_type": "{}", "seconds": 0.1, "key": f"{allocator}{target}{seed}"}
    return SweepPoint(allocator, name, target, target, seed, **shares, **rest, marks=to_text(marks))


def test_marks_are_tenths_and_come_back():
    assert to_text([0, 1, 0.3, 0.6, 0.9]) == "0a369"
    assert from_text("0a369").tolist() == [0, 1, 0.3, 0.6, 0.9]
    with pytest.raises(ValueError, match="tenth"):
        to_text([0.25])


def test_a_difference_is_of_pairs():
    ours, theirs = np.ones((5, 40)), np.ones((5, 40))
    assert difference(ours, theirs) == difference(theirs, ours)
    assert (difference(ours, theirs).mean, difference(ours, theirs).sure) == (0.0, False)
    theirs[:, :10] = 0
    found = difference(ours, theirs)
    assert found.mean == 0.25 and found.sure
    # Ten of forty pairs differ in every seed: the standard error is that of a share.
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(0.25 * 0.75 / 40), rel=0.1)
    back = difference(theirs, ours)
    assert (back.mean, back.high < 0) == (-0.25, True)


def test_seeds_count_as_much_as_questions():
    one_seed_wins = np.zeros((5, 200))
    one_seed_wins[0] = 1
    found = difference(one_seed_wins, np.zeros((5, 200)))
    assert found.mean == pytest.approx(0.2) and found.low == 0.0 and not found.sure


def test_the_interval_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        pairs = generator.normal(0.1, 1, size=(1, 100)) + generator.normal(0, 0.3, size=(8, 1))
        found = difference(pairs + generator.normal(0, 1, size=(8, 100)), np.zeros((8, 100)), draws=300)
        covered += found.low <= 0.1 <= found.high
    assert 170 <= covered <= 199


def test_where_accuracy_falls():
    assert falls([0.4, 0.6, 0.8], [0.96, 0.86, 0.2], 0.96, 0.05) == pytest.approx(0.5)
    assert falls([0.4, 0.6, 0.8], [0.96, 0.86, 0.2], 0.96, 0.10) == pytest.approx(0.6)
    assert falls([0.8, 0.6, 0.4], [0.2, 0.86, 0.96], 0.96, 0.5) == pytest.approx(0.6 + 0.2 * 0.4 / 0.66)
    assert falls([0.5], [0.9], 1.0, 0.05) == pytest.approx(0.25)
    assert falls([0.5], [0.9], 1.0, 0.5) is None


def test_methods_are_compared_on_what_both_have():
    good, bad = [1.0] * 20, [1.0] * 10 + [0.0] * 10
    points = [point(DENSE, 0.0, 0, good)]
    points += [point("response", target, seed, good) for target in (0.5, 0.6) for seed in (0, 1, 2)]
    points += [point("uniform", target, seed, bad) for target in (0.5, 0.6, 0.7) for seed in (0, 1)]
    found = Measured(points)
    response, uniform = found.methods()
    assert found.targets(response, uniform) == [0.5, 0.6] and found.seeds(0.5, response, uniform) == [0, 1]
    assert found.against(response, uniform, [0.5, 0.6]).mean == 0.5
    assert found.against(response, uniform, [0.7]) is None
    assert found.accuracy(uniform, 0.7) == 0.5 and len(found.at(uniform, 0.7)) == 2
    assert found.falls(uniform, 0.5) == pytest.approx(0.5) and found.falls(response, 0.05) is None


def written(path, points):
    file = SweepFile(path)
    for each in points:
        file.add(each)
    return path


def some(allocators=("uniform", "response"), metric=True):
    points = [point(DENSE, 0.0, 0, [1.0] * 20)]
    for place, allocator in enumerate(allocators):
        right = 10 + 5 * place
        marks = [1.0] * right + [0.0] * (20 - right)
        points += [point(allocator, target, seed, marks) for target in (0.5, 0.6) for seed in range(5)]
    return points if metric else [replace(each, marks="") for each in points]


def compare(*arguments):
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


def test_the_command_says_which_method_is_better(tmp_path):
    path = written(tmp_path / "sweep.csv", some())
    before = path.read_bytes()
    found = json.loads(compare(path, "--format", "json").stdout)
    best, uniform = found["methods"]
    assert (best["allocator"], best["accuracy"], best["difference"], best["sure"]) == ("response", 0.75, 0.25, True)
    assert best["interval"][0] > 0 and best["seeds"] == 5 and best["targets"] == [0.5, 0.6]
    assert uniform["difference"] is None and uniform["falls"]["0.5"] == pytest.approx(0.5)
    table = " ".join(compare(path).stdout.split())
    assert "better" in table and "20 questions; the dense model answers 100.0% of them" in table
    assert path.read_bytes() == before


def test_two_files_are_one_sweep(tmp_path):
    one = written(tmp_path / "one.csv", some(("uniform",)))
    other = written(tmp_path / "other.csv", [some()[0], *some()[11:]])
    found = json.loads(compare(one, other, "--format", "json").stdout)
    assert [method["allocator"] for method in found["methods"]] == ["response", "uniform"]


def test_what_cannot_be_compared_is_said_in_one_sentence(tmp_path, capfd):
    good = written(tmp_path / "good.csv", some())
    foreign = written(tmp_path / "foreign.csv", [replace(some()[0], key="another")])
    unmarked = written(tmp_path / "unmarked.csv", some(metric=False))
    (tmp_path / "text.csv").write_text("a,b\n")
    cases = {
        (tmp_path / "nowhere.csv",): "nowhere.csv cannot be read: No such file",
        (tmp_path / "text.csv",): "is no sweep: its line 1",
        (good, foreign): "There are 2 dense models",
        (foreign,): "0 other points",
        (unmarked,): "not marked",
        (good, "--against", "best"): "--against is 'best'. Choose one of: response, uniform",
    }
    for arguments, wanted in cases.items():
        with pytest.raises(EcoflapError, match=re.escape(wanted)):
            CliRunner().invoke(app, ["compare", *map(str, arguments)], catch_exceptions=False)
