"""The page's sweep as events: a chart that fills, what it comes to, wishes that cannot be, stops that keep."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ecoflap.errors import EcoflapError
from ecoflap.host import MOST_POINTS, Host
from ecoflap.sweep import SweepStep
from ecoflap.sweep_file import points_in
from ecoflap.ui import session, sweeping
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs
from ecoflap.ui.sweep_run import SWEEP
from ecoflap.ui.sweep_value import lines_value, result_value
from ecoflap.ui.sweeping import Sweeping
from tests.test_comparing import point
from tests.ui.fakes import FakeExplorer

WISH = {
    "allocators": ["uniform", "ecoflap"],
    "pruners": ["wanda"],
    "percents": [50, 70],
    "questions": 4,
    "seeds": 2,
    "eval_seed": 0,
}
RIGHT = {
    ("dense", 0.0): [1, 1, 1, 1],
    ("uniform", 0.5): [1, 1, 1, 0],
    ("uniform", 0.7): [0, 0, 0, 0],
    ("ecoflap", 0.5): [1, 1, 1, 1],
    ("ecoflap", 0.7): [1, 1, 0, 0],
}


def event(wish=WISH, run=3):
    return SimpleNamespace(_data={"run": run, "wish": wish})


def request(who="me"):
    return SimpleNamespace(session_hash=who)


def knobs(**changes):
    return [*(session.DEFAULTS | changes).values()]


def made(explorer=None, free=True):
    return Sweeping(Handlers(Host(explorer or FakeExplorer(), free=free)), Jobs())


@pytest.fixture
def measured(monkeypatch):
    """Points without a model: every one waits for `go`, which is set at first; the wishes that were measured."""
    found = SimpleNamespace(go=threading.Event(), wishes=[], hears=threading.Event())
    found.go.set()

    def swept(host, wish, questions, metric, told):
        found.wishes.append(wish)
        points = [point("dense", 0.0, 0, RIGHT["dense", 0.0])]
        total = len(wish.sweep.recipes())
        for seed, recipe in wish.sweep.recipes():
            step = SweepStep(len(points) - 1, total, 2, wish.questions, 1.25)
            told(points, step)
            found.hears.set()
            while not found.go.wait(0.01):
                told(points, step)
            points.append(point(recipe.allocator, recipe.target, seed, RIGHT[recipe.allocator, recipe.target]))
        return points

    monkeypatch.setattr(sweeping, "swept", swept)
    monkeypatch.setattr(sweeping, "evaluation_set", lambda host, wish: (None, None))
    return found


def shares(value, allocator):
    line = next(line for line in value["lines"] if line["allocator"] == allocator)
    return [(found["percent"], found["accuracy"], found["seeds"]) for found in line["points"]]


def test_the_chart_fills_and_says_what_it_is_about(measured):
    values = [*made().measure(event(), request(), *knobs(margin=20))]
    last = values[-1]
    assert (last["state"], last["run"], last["of"], last["knobs"]["margin"]) == ("done", 3, 0, 20)
    assert not {"percent", "allocator"} & last["knobs"].keys()
    assert shares(last, "uniform") == [(50, 0.75, 2), (70, 0.0, 2)]
    assert shares(last, "ecoflap") == [(50, 1.0, 2), (70, 0.5, 2)]
    assert last["dense"]["accuracy"] == 1.0 and last["marked"]
    sweep = measured.wishes[0].sweep
    assert sweep.seeds == (0, 1) and sweep.targets == (0.5, 0.7) and sweep.recipe.cap_margin == 0.2


def test_it_comes_to_differences_and_a_file_of_the_command_line(measured, tmp_path):
    last = [*made().measure(event(), request(), *knobs())][-1]
    found = {row["allocator"]: row for row in last["summary"]}
    assert found["uniform"]["less"] is None and found["uniform"]["mean"] == 0.375
    assert found["ecoflap"]["less"]["mean"] == pytest.approx(0.375)
    assert found["ecoflap"]["falls"][2] == pytest.approx(0.7) and found["uniform"]["falls"][2] == pytest.approx(
        0.5667, abs=1e-4
    )
    points = points_in(tmp_path, last["csv"])
    assert [found.allocator for found in points.values()][:3] == ["dense", "uniform", "ecoflap"] and len(points) == 9


def test_stopping_keeps_what_is_measured(measured):
    sweep = made()
    measured.go.clear()
    told = sweep.measure(event(), request(), *knobs())
    first = next(told)
    assert (first["state"], first["done"], first["total"], first["asked"], first["left"]) == ("busy", 0, 8, 2, 1)
    sweep.stop(request("somebody else"))
    sweep.stop(request())
    last = [*told][-1]
    assert last["state"] == "stopped" and last["dense"]["accuracy"] == 1.0 and last["summary"] == []
    assert last["csv"] == ""


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"percents": [96]}, "96"),
        ({"percents": ["x"]}, "x"),
        ({"percents": []}, "targets"),
        ({"percents": [50, 50]}, "targets"),
        ({"questions": 0}, "questions is 0"),
        ({"questions": 1001}, "questions is 1001"),
        ({"seeds": 6}, "seeds is 6"),
        ({"seeds": True}, "seeds is True"),
        ({"eval_seed": -1}, "eval_seed is -1"),
        ({"allocators": ["luck"]}, "luck"),
        ({"allocators": "uniform"}, "allocators"),
        ({"pruners": ["luck"]}, "luck"),
        ({"percents": [*range(0, 60)]}, "240 points"),
    ],
)
def test_a_wish_that_cannot_be_is_one_sentence(measured, wrong, words):
    (value,) = made().measure(event(WISH | wrong), request(), *knobs())
    assert value["state"] == "error" and words in value["words"] and measured.wishes == []


def test_wishes_of_no_form_at_all_are_sentences_too(measured):
    for wish in (None, [], "all", {}):
        (value,) = made().measure(event(wish), request(), *knobs())
        assert value["state"] == "error" and value["words"]


def test_a_pattern_leaves_nothing_to_compare(measured):
    (value,) = made().measure(event(), request(), *knobs(pattern="2:4"))
    assert value["state"] == "error" and "2:4" in value["words"]


def test_strangers_have_lower_bounds_and_name_no_files(measured):
    for wrong, words in (({"questions": 201}, "1 to 200"), ({"data": "/etc/passwd"}, "/etc/passwd")):
        (value,) = made(free=False).measure(event(WISH | wrong), request(), *knobs())
        assert value["state"] == "error" and words in value["words"]


def test_another_model_meanwhile_makes_it_no_result(measured):
    sweep = made()
    told = sweep.measure(event(), request(), *knobs())
    measured.go.clear()
    next(told)
    sweep.handlers.host.generation += 1
    measured.go.set()
    last = [*told][-1]
    assert last["state"] == "error" and last["of"] == 0


def test_who_comes_second_hears_how_many_are_before(measured):
    sweep = made()
    measured.go.clear()
    one, two = (sweep.measure(event(), request(who), *knobs()) for who in ("one", "two"))
    next(one)
    assert measured.hears.wait(10)
    before = next(two)
    assert before["before"] == 1 and before["words"]
    measured.go.set()
    assert [*one][-1]["state"] == [*two][-1]["state"] == "done"
    assert sweep.handlers.host.lines[SWEEP].turn  # nobody is left in it
    assert len(sweep.handlers.host.lines[SWEEP]) == 0


def test_what_a_model_runs_into_is_said(measured, monkeypatch):
    def broken(*args):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(sweeping, "swept", broken)
    last = [*made().measure(event(), request(), *knobs())][-1]
    assert last["state"] == "error" and "no such luck" in last["words"]


def test_answers_that_are_not_marked_have_a_loss_alone():
    nothing = {"accuracy": None, "low": None, "high": None, "agreement": None, "correct": None, "marks": ""}
    bare = [replace(point(name, 0.5, 0, [1]), **nothing) for name in ("dense", "uniform")]
    value = lines_value(bare)
    assert not value["marked"] and value["lines"][0]["points"][0]["loss"] == 0.1
    assert value["lines"][0]["points"][0]["low"] is None and result_value(bare)["summary"] == []


def test_points_that_are_kept_have_a_bound():
    host = Host(FakeExplorer())
    for number in range(MOST_POINTS + 5):
        host.keep(point("uniform", 0.5, number, [1]))
    assert len(host.swept) == MOST_POINTS and "uniform0.54" not in host.swept and "uniform0.55" in host.swept


def test_a_model_that_failed_says_why(measured):
    explorer = FakeExplorer()
    explorer.error = EcoflapError("loading_cancelled", model="fake")
    last = [*made(explorer).measure(event(), request(), *knobs())][-1]
    assert last["state"] == "error" and "fake" in last["words"] and measured.wishes == []
