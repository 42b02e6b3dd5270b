"""Handlers: what they recompute, and that every error is a sentence in its place."""

import gradio as gr
import numpy as np
import pytest

from ecoflap.errors import EcoflapError
from ecoflap.host import Host
from ecoflap.ui import session
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.restoring import Restoring
from tests.ui.fakes import FakeExplorer, asked


def knobs(**changes):
    return [*(session.DEFAULTS | changes).values()]


def event(**data):
    return gr.EventData(None, data)


def skipped(value):
    return value == gr.skip()


def test_a_commit_confirms_with_the_authoritys_figures():
    explorer = FakeExplorer()
    confirmed, drawn = Handlers(Host(explorer)).commit(event(percent=40), *knobs()[1:])
    assert confirmed["percent"] == 40 and confirmed["error"] is None
    assert abs(confirmed["achieved"] - 0.4) < 1e-3
    assert (drawn["percent"], drawn["key"]) == (40, confirmed["key"])


def test_a_commit_above_the_cap_says_so_and_leaves_the_figures():
    confirmed, drawn = Handlers(Host(FakeExplorer())).commit(event(percent=90), *knobs(cap_mode="fixed")[1:])
    assert "above the cap" in confirmed["error"]
    assert skipped(drawn)


def test_a_commit_with_nonsense_says_so():
    for data in ({}, {"percent": "x"}, {"percent": 1e999}):
        assert "target is" in Handlers(Host(FakeExplorer())).commit(event(**data), *knobs()[1:])[0]["error"]


def test_the_cap_switch_swaps_its_slider_and_fetches_a_table():
    table, *freed = Handlers(Host(FakeExplorer())).retable(*knobs(percent=90, cap_mode="fixed", cap=60))
    assert table["reachable"].count(True) == 61
    percent, _, _, margin, cap, _, note = freed
    assert (margin["visible"], cap["visible"], note["visible"]) == (False, True, False)
    assert all(update["interactive"] for update in freed[:-1]) and "value" not in percent


@pytest.mark.parametrize("pattern", ["2:4", "4:8"])
def test_a_pattern_gives_a_flat_table_and_leaves_target_and_allocator_nothing_to_decide(pattern):
    explorer = FakeExplorer()
    handlers = Handlers(Host(explorer))
    choice = knobs(percent=90, cap_mode="fixed", cap=30, pattern=pattern)
    table, *freed = handlers.retable(*choice)
    assert table["adopt"] == 50 and freed[0]["value"] == 50
    assert set(table["kept"]) == {table["total"] // 2} and all(table["reachable"])
    assert not any(update["interactive"] for update in freed[:-1]) and freed[-1]["visible"]
    confirmed, *_ = handlers.commit(event(percent=50), *choice[1:])
    assert (confirmed["key"], confirmed["percent"], confirmed["achieved"]) == (table["key"], 50, 0.5)
    assert handlers.retable(*knobs(percent=50))[0]["key"] != table["key"]
    answers = [*asked(handlers, session.example_token(0), "What is it?", *choice)]
    assert answers[-1]["percent"] == 50


def test_asking_waits_for_the_model_with_a_word():
    explorer = FakeExplorer(loaded=False)
    answers = asked(Handlers(Host(explorer)), session.example_token(0), "What is it?", *knobs())
    assert "still loading" in next(answers)["words"]
    explorer.loaded.set()
    states = [answer["state"] for answer in answers]
    assert states[-1] == "done" and {*states[:-1]} <= {"busy", "saying"}


def test_asking_badly_is_an_answer_in_one_sentence():
    handlers = Handlers(Host(FakeExplorer()))
    assert [answer["state"] for answer in asked(handlers, session.example_token(0), " ", *knobs())][-1] == "error"
    last = [*asked(handlers, session.example_token(0), "What?", *knobs(percent=90, cap_mode="fixed"))][-1]
    assert "above the cap" in last["words"]
    last = [*asked(handlers, {"path": "/nowhere/at/all.png"}, "What?", *knobs())][-1]
    assert last["state"] == "error" and "all.png" in last["words"]


def test_a_choice_that_is_no_example_changes_nothing():
    for index in (None, -1, 6, "0x", [0]):
        outputs = Handlers(Host(FakeExplorer())).choose(event(index=index))
        assert "example is" in outputs[1]["error"]
        assert skipped(outputs[0]) and skipped(outputs[4])


def test_fresh_scenes_differ():
    handlers = Handlers(Host(FakeExplorer()))
    assert handlers.fresh()[0] != handlers.fresh()[0]


def test_every_default_can_be_restored_at_once():
    table, note, *updates = Restoring(Handlers(Host(FakeExplorer()))).restore(event(values=session.DEFAULTS))
    assert not note["visible"] and all(update.get("interactive", True) for update in updates[:-1])
    assert [update["value"] for update in updates[:-1]] + updates[-1:] == [*session.DEFAULTS.values()]
    assert table["adopt"] == session.DEFAULTS["percent"]
    assert np.isfinite(table["kept"]).all()


def test_an_answer_of_a_model_that_is_no_longer_shown_is_not_shown_as_the_new_ones():
    old, new = FakeExplorer(), FakeExplorer(spec="new")
    host = Host(old)
    answered = old.ask

    def ask(*arguments):
        host.explorer = new
        return answered(*arguments)

    old.ask = ask
    last = [*asked(Handlers(host), session.example_token(0), "What is it?", *knobs())][-1]
    assert last["state"] == "error" and "changed while it answered" in last["words"]


def test_a_question_that_would_wait_for_scores_is_refused_at_once():
    explorer = FakeExplorer()
    explorer.check_scored = lambda recipe: (_ for _ in ()).throw(EcoflapError("scores_pending", state="Scoring …"))
    last = [*asked(Handlers(Host(explorer)), session.example_token(0), "What is it?", *knobs())][-1]
    assert last["state"] == "error" and "not scored yet" in last["words"]
    assert explorer.calls["ask"] == 0
