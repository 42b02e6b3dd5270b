"""Breaking point and what broke it as the page's events: states as JSON, errors as sentences, stops that keep."""

import threading
from types import SimpleNamespace

import pytest

from ecoflap import blaming, breaking
from ecoflap.blaming import Blame
from ecoflap.breaking import Ladder, Reply, Rung, Strip
from ecoflap.errors import EcoflapError
from ecoflap.host import Host
from ecoflap.models.kinds import CLASSIFIER, Description
from ecoflap.ui import session
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs
from ecoflap.ui.laddering import BLAME, LADDER, Laddering, blame_value, ladder_value
from tests.ui.fakes import FakeExplorer

REQUEST = SimpleNamespace(session_hash="me")
STRIP = Strip("uniform", (Rung(0, "a red circle", True, 0.1), Rung(10, "a blue circle", False, 1.5)))


def event(**data):
    return SimpleNamespace(_data=data)


def knobs(**changes):
    return [*(session.DEFAULTS | changes).values()]


def made(explorer=None):
    return Laddering(Handlers(Host(explorer or FakeExplorer())), Jobs())


def climbed(laddering, **sent):
    data = {"run": 3} | sent
    return [*laddering.climb(event(**data), REQUEST, session.example_token(0), "What is it?", *knobs())]


@pytest.fixture
def climb(monkeypatch):
    """A ladder of two states; what it was called with."""
    calls = []

    def stub(explorer, image, question, recipe, allocators):
        calls.append((image and image.size, question, recipe, allocators))
        yield Ladder("a red circle", (Strip("uniform", STRIP.rungs[:1]),), 13, 2.5)
        yield Ladder("a red circle", (STRIP,), 0, 0.0)

    monkeypatch.setattr(breaking, "climb", stub)
    return calls


def test_a_ladder_is_told_rung_by_rung_and_says_what_it_is_about(climb):
    values = climbed(made(), allocators=["uniform", "ecoflap", "nonsense"])
    assert [value["state"] for value in values[-2:]] == ["busy", "done"] or len(values) == 1
    last = values[-1]
    assert (last["state"], last["run"], last["question"], last["dense"]) == ("done", 3, "What is it?", "a red circle")
    assert last["strips"][0]["rungs"][1]["words"] == [("a", True), ("blue", False), ("circle", True)]
    assert (last["strips"][0]["right_to"], last["strips"][0]["wrong_from"], last["strips"][0]["back"]) == (0, 10, ())
    assert last["knobs"]["margin"] == 10 and not {"percent", "allocator"} & last["knobs"].keys()
    assert climb[0][1] == "What is it?" and climb[0][2].target == 0.5
    assert climb[0][3] == ["ecoflap", "uniform"], "in the registry's order, and known names alone"


@pytest.mark.parametrize("named", [None, [], "uniform", ["nonsense"], 7])
def test_without_a_choice_it_is_the_allocator_of_the_rail(climb, named):
    climbed(made(), allocators=named)
    assert climb[0][3] == ["ecoflap"]


def test_a_classifier_is_asked_without_a_question(climb):
    explorer = FakeExplorer()
    explorer.described = Description(CLASSIFIER, ("cat", "dog"))
    values = climbed(made(explorer), allocators=["uniform"])
    assert climb[0][1] == "" and values[-1]["chosen"] and climb[0][0] is not None


def test_what_goes_wrong_is_one_sentence(monkeypatch, climb):
    def fails(error):
        def stub(*arguments):
            raise error
            yield

        return stub

    monkeypatch.setattr(breaking, "climb", fails(EcoflapError("ladder_pattern", pattern="2:4")))
    last = climbed(made())[-1]
    assert last["state"] == "error" and "2:4" in last["words"] and last["run"] == 3
    monkeypatch.setattr(breaking, "climb", fails(MemoryError("no room")))
    assert "no room" in climbed(made())[-1]["words"]
    bad = [
        *made().climb(event(run=1), REQUEST, session.example_token(0), "What?", *knobs(percent=90, cap_mode="fixed"))
    ]
    assert bad[-1]["state"] == "error" and "cap" in bad[-1]["words"]


def test_a_model_that_changed_meanwhile_is_said(climb):
    laddering = made()
    host = laddering.handlers.host
    seen = []
    for value in laddering.climb(event(run=1), REQUEST, session.example_token(0), "What?", *knobs()):
        seen.append(value)
        host.explorer = FakeExplorer(spec="new")
    assert seen[-1]["state"] == "error" and "changed" in seen[-1]["words"]


def test_stopping_keeps_what_was_measured(monkeypatch):
    laddering, go = made(), threading.Event()

    def stub(*arguments):
        yield Ladder("a red circle", (STRIP,), 5, 2.0)
        go.wait(20)
        yield Ladder("a red circle", (), 0, 0.0)

    monkeypatch.setattr(breaking, "climb", stub)
    values = laddering.climb(event(run=1), REQUEST, session.example_token(0), "What?", *knobs())
    found = next(values)
    while not found.get("dense"):
        found = next(values)
    laddering.stop(event(kind="nonsense"), REQUEST)
    laddering.stop(event(kind=LADDER), REQUEST)
    go.set()
    last = [*values][-1]
    assert last["state"] == "stopped"


def test_another_picture_ends_both_works(monkeypatch):
    laddering, ended = made(), []
    monkeypatch.setattr(laddering.jobs, "stop", lambda who, kind: ended.append((who, kind)))
    assert laddering.forget(REQUEST) == (None, None)
    assert ended == [("me", LADDER), ("me", BLAME)]


def test_rungs_that_cannot_be_have_their_reason_and_no_answer():
    gap = Rung(90, problem=EcoflapError("target_above_cap", target=0.9, cap=0.6))
    value = ladder_value(Ladder("x", (Strip("uniform", (gap,)),), 0, 0.0), "en")
    rung = value["strips"][0]["rungs"][0]
    assert rung["answer"] is None and rung["same"] is None and "cap 0.6" in rung["problem"]


def test_blame_is_told_block_by_block(monkeypatch):
    losses = {"a": 0.5, "b": 2.0}
    blame = Blame("yes", Reply("no no", False, True), 0.1, 2.1, losses, {"a": Reply("yes", True, False)}, 2, 0, 0.0)
    seen = []

    def stub(explorer, image, question, recipe):
        seen.append((question, recipe.target))
        yield blame

    monkeypatch.setattr(blaming, "restore", stub)
    token = session.example_token(0)
    last = [*made().explain(event(run=8), REQUEST, token, "Is it?", *knobs(percent=70))][-1]
    assert (last["state"], last["run"], last["percent"], last["question"]) == ("done", 8, 70, "Is it?")
    assert last["key"].startswith("ecoflap|") and seen == [("Is it?", 0.7)]
    assert [entry["block"] for entry in last["blocks"]] == ["a", "b"]
    assert last["blocks"][0]["share"] == pytest.approx(0.8) and last["blocks"][0]["heard"]["same"]
    assert last["pruned"]["cut"] and "heard" not in last["blocks"][1]


def test_nothing_to_blame_is_an_empty_list():
    value = blame_value(Blame("yes", Reply("yes", True, False), 0.1, 0.1, {}, {}, 5))
    assert value["blocks"] == [] and value["losses"] == [0.1, 0.1]
