"""Handlers: what they recompute, and that every error is a sentence in its place."""

import gradio as gr
import numpy as np

from ecoflap.ui import session
from ecoflap.ui.handlers import Handlers
from tests.ui.fakes import FakeExplorer, small_bundle


def knobs(**changes):
    return [*(session.DEFAULTS | changes).values()]


def event(**data):
    return gr.EventData(None, data)


def skipped(value):
    return value == gr.skip()


def test_a_commit_confirms_with_the_authoritys_figures():
    explorer = FakeExplorer()
    confirmed, skyline, curves = Handlers(explorer).commit(event(percent=40), *knobs()[1:])
    assert confirmed["percent"] == 40 and confirmed["error"] is None
    assert abs(confirmed["achieved"] - 0.4) < 1e-3
    assert len(skyline.data) == 4 and len(curves.data) == 3


def test_a_commit_above_the_cap_says_so_and_leaves_the_figures():
    confirmed, skyline, curves = Handlers(FakeExplorer()).commit(event(percent=90), *knobs(cap_mode="fixed")[1:])
    assert "above the cap" in confirmed["error"]
    assert skipped(skyline) and skipped(curves)


def test_a_commit_with_nonsense_says_so():
    for data in ({}, {"percent": "x"}, {"percent": 1e999}):
        assert "target is" in Handlers(FakeExplorer()).commit(event(**data), *knobs()[1:])[0]["error"]


def test_the_cap_switch_swaps_its_slider_and_fetches_a_table():
    table, margin, cap = Handlers(FakeExplorer()).retable(*knobs(percent=90, cap_mode="fixed", cap=60))
    assert table["reachable"].count(True) == 61
    assert (margin["visible"], cap["visible"]) == (False, True)


def test_asking_waits_for_the_model_with_a_word():
    explorer = FakeExplorer(loaded=False)
    answers = Handlers(explorer).ask(session.example_token(0), "What is it?", *knobs())
    assert "still loading" in next(answers)["words"]
    explorer.loaded.set()
    assert [answer["state"] for answer in answers] == ["busy", "done"]


def test_asking_badly_is_an_answer_in_one_sentence():
    handlers = Handlers(FakeExplorer())
    assert [answer["state"] for answer in handlers.ask(session.example_token(0), " ", *knobs())][-1] == "error"
    last = [*handlers.ask(session.example_token(0), "What?", *knobs(percent=90, cap_mode="fixed"))][-1]
    assert "above the cap" in last["words"]
    last = [*handlers.ask({"path": "/nowhere/at/all.png"}, "What?", *knobs())][-1]
    assert last["state"] == "error" and "all.png" in last["words"]


def test_a_choice_that_is_no_example_changes_nothing():
    for index in (None, -1, 6, "0x", [0]):
        outputs = Handlers(FakeExplorer()).choose(event(index=index))
        assert "example is" in outputs[1]["error"]
        assert skipped(outputs[0]) and skipped(outputs[4])


def test_fresh_scenes_differ():
    handlers = Handlers(FakeExplorer())
    assert handlers.fresh()[0] != handlers.fresh()[0]


def test_a_model_without_scores_says_what_it_waits_for_and_then_brings_its_layers():
    explorer = FakeExplorer(loaded=False)
    explorer.bundle = None
    handlers = Handlers(explorer)
    assert "no importance scores yet" in handlers.table(*knobs())["error"]
    assert "no importance scores yet" in handlers.opening()[0]["error"]
    assert skipped(handlers.tick(*knobs())[2])
    explorer.bundle = small_bundle()
    explorer.loaded.set()
    status, timer, table = handlers.tick(*knobs())
    assert status["state"] == "ready" and not timer.active
    assert status["dense"] == [["embeddings", 1200], ["norms", 64]]
    assert len(table["grid"]["layers"]) == len(explorer.bundle.layers)


def test_the_reset_restores_every_knob():
    table, *updates = Handlers(FakeExplorer()).reset()
    assert [update["value"] for update in updates] == [*session.DEFAULTS.values()]
    assert table["adopt"] == session.DEFAULTS["percent"]
    assert np.isfinite(table["kept"]).all()
