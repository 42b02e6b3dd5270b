"""A sweep: its points and their order, going on with a file, stopping, and files that are cut short or none."""

import csv
import json
import math
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch

from ecoflap import evaluation
from ecoflap.accuracy import share
from ecoflap.allocation import allocate
from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.evaluation import METRICS, Point
from ecoflap.explorer import Explorer
from ecoflap.sweep import MOST_POINTS, Sweep, measure
from ecoflap.sweep_file import COLUMNS, SweepFile
from ecoflap.types import Recipe, Sample
from tests.ui.fakes import small_bundle

ASKED = [Sample(None, "what ?", "yes")] * 4
FOUND = SimpleNamespace(samples=ASKED, fingerprint="four questions")


class FakeModel:
    """An explorer and its engine: allocates, and remembers which seed it was calibrated on."""

    fingerprint, dtype, source, seed = "weights", torch.float32, None, 3

    def __init__(self):
        self.seeds = []

    def wait(self):
        return self

    def allocate(self, recipe):
        return allocate(small_bundle(), recipe)

    def calibrate(self, seed):
        self.seeds.append(seed)
        self.seed = seed


@pytest.fixture
def asked(monkeypatch):
    """What was evaluated, in order; answers get worse with the target."""
    seen = []

    def evaluate(engine, samples, allocation, recipe, progress, metric):
        seen.append((engine.seed, recipe.pruner, recipe.target, recipe.allocator) if allocation else "dense")
        for done in (2, 4):
            if progress(done, 4) is False:
                raise Cancelled
        right = 4 if allocation is None else 3 - round(2 * recipe.target)
        marks = tuple(place < right for place in range(4))
        said = tuple("A circle." if mark else "a square" for mark in marks)
        achieved = allocation.achieved if allocation else 0.0
        return Point(recipe.target, achieved, share(marks), {}, 0.5, marks, said)

    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    return seen


def run(sweep, known=None, tell=None, model=None):
    return [*measure(model or FakeModel(), sweep, FOUND, METRICS[0], known, tell)]


def test_points_come_in_order_the_dense_model_first(asked):
    model = FakeModel()
    sweep = Sweep(("ecoflap", "uniform"), ("wanda", "magnitude"), (0.4, 0.6), (0, 1))
    points = run(sweep, model=model)
    wanted = [(0, "wanda"), (0, "magnitude"), (1, "wanda")]  # magnitude knows no samples, so one seed is all there is
    assert asked == ["dense"] + [
        (seed, pruner, target, name) for seed, pruner in wanted for target in (0.4, 0.6) for name in sweep.allocators
    ]
    assert model.seed == 3, "the engine's own seed comes back"
    dense, first = points[:2]
    assert (dense.allocator, dense.pruner, dense.correct, dense.agreement) == ("dense", "dense", 4, 1.0)
    assert (first.allocator, first.target, first.questions, first.correct, first.accuracy) == (
        "ecoflap",
        0.4,
        4,
        2,
        0.5,
    )
    assert first.low < 0.5 < first.high and first.agreement == 0.5
    assert first.achieved == pytest.approx(0.4, abs=1e-3)
    assert len({point.key for point in points}) == len(points)


def test_what_is_in_the_file_is_not_measured_again(asked, tmp_path):
    out = tmp_path / "deep" / "sweep.csv"
    small, large = Sweep(("ecoflap",), ("wanda",), (0.4,)), Sweep(("ecoflap", "uniform"), ("wanda",), (0.4, 0.6))
    file = SweepFile(out)
    for point in run(small, file.points):
        file.add(point)
    asked.clear()
    again = SweepFile(out)
    points = run(large, again.points)
    assert asked == ["dense", (0, "wanda", 0.4, "uniform"), (0, "wanda", 0.6, "ecoflap"), (0, "wanda", 0.6, "uniform")]
    assert points[:2] == list(file.points.values()), "they come back as they were"
    for point in points:
        again.add(point)
    asked.clear()
    assert run(large, SweepFile(out).points) == points and asked == []
    rows = [*csv.DictReader(out.open())]
    assert tuple(rows[0]) == COLUMNS and [row["allocator"] for row in rows][:2] == ["dense", "ecoflap"]


def test_other_settings_are_other_points(asked):
    def keys(sweep, found=FOUND):
        return {point.key for point in measure(FakeModel(), sweep, found, METRICS[0])} - dense

    dense = set()
    base = Sweep(("ecoflap",), ("wanda",), (0.4,))
    others = [
        Sweep(("ecoflap",), ("wanda",), (0.4,), (1,)),
        Sweep(("ecoflap",), ("wanda",), (0.4,), recipe=Recipe(0.0, cap_margin=0.2)),
        Sweep(("ecoflap",), ("wanda",), (0.4,), recipe=Recipe(0.0, scope="row")),
    ]
    first = keys(base)
    dense = first & keys(others[0])
    assert len(dense) == 1
    found = [keys(sweep) for sweep in (base, *others)]
    found.append(keys(base, SimpleNamespace(samples=ASKED, fingerprint="four others")) - dense)
    assert all(one.isdisjoint(other) for i, one in enumerate(found) for other in found[:i])


def test_it_stops_when_told_and_says_how_long_it_takes(asked):
    steps, model = [], FakeModel()

    def tell(step):
        steps.append(step)
        return len(steps) < 6

    points = measure(model, Sweep(("ecoflap",), ("wanda",), (0.1, 0.2, 0.3)), FOUND, METRICS[0], None, tell)
    kept = []
    with pytest.raises(Cancelled):
        for point in points:
            kept.append(point)
    assert [point.target for point in kept] == [0.0, 0.1] and model.seed == 3
    assert [(step.done, step.total, step.asked) for step in steps][:3] == [(0, 3, 2), (0, 3, 4), (0, 3, 2)]
    assert math.isnan(steps[0].left) and steps[-1].left >= 0


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_file_that_was_cut_short_goes_on_where_it_is_whole(asked, tmp_path, cut):
    out = tmp_path / "sweep.csv"
    file = SweepFile(out)
    for point in run(Sweep(("ecoflap",), ("wanda",), (0.4, 0.6))):
        file.add(point)
    whole = out.read_text()
    out.write_text(whole[:-cut])
    again = SweepFile(out)
    assert len(again.points) == 2 and out.read_text() == whole[: len(out.read_text())]
    for point in run(Sweep(("ecoflap",), ("wanda",), (0.4, 0.6)), again.points):
        again.add(point)
    rows = [*csv.reader(out.open())]
    assert len(rows) == 4 and {len(row) for row in rows} == {len(COLUMNS)}


@pytest.mark.parametrize("text", ["name,sparsity\na,0.5\n", "hello", "\x00\x01\n", ",".join(COLUMNS) + "\n1,2,3\n"])
def test_a_file_that_is_no_sweep_is_left_alone(tmp_path, text):
    out = tmp_path / "mine.csv"
    out.write_text(text)
    with pytest.raises(EcoflapError, match="is no sweep"):
        SweepFile(out)
    assert out.read_text() == text


def test_a_header_that_was_cut_short_is_written_anew(tmp_path):
    out = tmp_path / "sweep.csv"
    out.write_text(",".join(COLUMNS)[:20])
    assert SweepFile(out).points == {} and out.read_text() == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (((), ("wanda",), (0.5,)), "sweep_values"),
        ((("ecoflap", "ecoflap"), ("wanda",), (0.5,)), "sweep_values"),
        ((("luck",), ("wanda",), (0.5,)), "not_a_choice"),
        ((("ecoflap",), ("scissors",), (0.5,)), "not_a_choice"),
        ((("ecoflap",), ("wanda",), (0.5,), tuple(range(101))), "sweep_large"),
        ((("ecoflap",), ("wanda",), tuple(i / 20_000 for i in range(MOST_POINTS + 1))), "sweep_large"),
        ((("ecoflap",), ("wanda",), (float("nan"),)), "not_a_share"),
        ((("ecoflap",), ("wanda",), (7.0,)), "not_a_share"),
    ],
)
def test_what_cannot_be_swept_is_said_before_anything_is_measured(asked, values, code):
    with pytest.raises(EcoflapError) as said:
        run(Sweep(*values))
    assert said.value.code == code and asked == []


def test_the_command_on_the_embedded_model(tmp_path, monkeypatch, capsys):
    """Twice: the second time from the file alone, but for the figures on the screen."""
    from ecoflap.cli import main

    out = tmp_path / "sweep.csv"
    command = [
        "ecoflap",
        "sweep",
        "--allocators",
        "uniform",
        "--targets",
        "0.5,0.9",
        "--questions",
        "6",
        "--out",
        str(out),
    ]
    documents = []
    for _ in range(2):
        monkeypatch.setattr("sys.argv", [*command, "--pruners", "magnitude", "--format", "json"])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0
        documents.append(json.loads(capsys.readouterr().out))
    assert documents[0] == documents[1]
    points = documents[0]["points"]
    assert [(point["allocator"], point["target"]) for point in points] == [
        ("dense", 0.0),
        ("uniform", 0.5),
        ("uniform", 0.9),
    ]
    assert points[0]["agreement"] == 1.0 and points[2]["agreement"] < 1.0
    assert points[1]["achieved"] == pytest.approx(0.5, abs=1e-6)
    monkeypatch.setattr("sys.argv", [*command, "--targets", "high"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2 and "targets is high" in " ".join(capsys.readouterr().err.split())


def test_another_seed_calibrates_anew():
    """On the embedded model: other norms, and the engine's own ones afterwards."""
    explorer = Explorer.open("demo", prepare=False)
    engine = explorer.wait()
    name = engine.model.layers[0].name
    own = engine.norms()[name].clone()
    engine.calibrate(5)
    assert not torch.equal(engine.norms()[name], own)
    engine.calibrate(0)
    assert torch.equal(engine.norms()[name], own)
    explorer.close()


def test_a_command_that_is_killed_leaves_its_points_and_goes_on(tmp_path):
    """A real process, ended by the system in the middle of a point."""
    out = tmp_path / "sweep.csv"
    command = [sys.executable, "-m", "ecoflap", "sweep", "--pruners", "magnitude", "--allocators", "uniform"]
    targets = ",".join(str(percent / 100) for percent in range(1, 96))
    command += ["--targets", targets, "--questions", "64", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        if out.is_file() and out.read_text().count("\n") > 3:
            break
    process.kill()
    process.wait()
    points = SweepFile(out).points
    assert 2 < len(points) < 96
    assert [point.target for point in points.values()][:3] == [0.0, 0.01, 0.02]
