"""What a page hears of its model without having asked."""

import gradio as gr

from ecoflap.host import Host
from ecoflap.types import Layer, ScoreBundle
from ecoflap.ui import session
from ecoflap.ui.changing import IDLE_PACE, PACE, Changing
from ecoflap.ui.handlers import Handlers
from tests.ui.fakes import FakeExplorer, small_bundle

KNOBS, TOKEN = [*session.DEFAULTS.values()], session.example_token(36)
OTHER = ScoreBundle("other", "zeroth-order", (Layer("a.0.b", "a.0", "language", 8, 4, 1.0),))


def changing(explorer, **hosting):
    return Changing(Handlers(Host(explorer, **hosting)))


def told(found):
    """The parts of a tick by name, without those that stay as they are."""
    names = ("status", "models", "table", "figures", "timer", "seen", "allocator", "bridge", "locks")
    names += ("scores", "scoring")
    names += ("about", "token", "picker", "chips", "question", "answers")
    return {name: value for name, value in zip(names, found, strict=True) if value != gr.skip()}


def test_nothing_new_is_nothing_sent():
    page = changing(FakeExplorer())
    assert told(page.tick(page.seen(), TOKEN, *KNOBS)) == {}


def test_scores_that_arrive_late_bring_their_layers():
    explorer = FakeExplorer(loaded=False)
    explorer.bundle = None
    page = changing(explorer)
    seen = page.seen()
    assert "no importance scores yet" in page.handlers.table(*KNOBS)["error"]
    assert seen["pace"] == PACE and page.handlers.grid()["layers"] == []
    explorer.bundle = small_bundle()
    explorer.loaded.set()
    news = told(page.tick(seen, TOKEN, *KNOBS))
    assert news["status"]["state"] == "ready"
    assert news["status"]["dense"] == [["embeddings", 1200], ["norms", 64]]
    assert len(news["table"]["grid"]["layers"]) == len(explorer.bundle.layers)
    assert news["table"]["model"] == news["table"]["grid"]["model"]
    assert news["timer"].value == IDLE_PACE
    assert told(page.tick(news["seen"], TOKEN, *KNOBS)) == {}


def test_another_model_brings_its_table_and_takes_away_what_it_lacks():
    new = FakeExplorer(OTHER, is_demo=False, spec="other/model")
    page = changing(FakeExplorer(), make=lambda *_, **__: new, room_for=lambda *_: True)
    seen = page.seen()
    page.host.open("other/model")
    page.host.wait()
    knobs = [*(session.DEFAULTS | {"allocator": "response"}).values()]
    news = told(page.tick(seen, TOKEN, *knobs))
    assert news["status"]["model"] == new.name
    assert news["models"]["spec"] == "other/model"
    assert [layer["name"] for layer in news["table"]["grid"]["layers"]] == ["a.0.b"]
    assert "response" not in [name for _, name in news["allocator"]["choices"]]
    assert news["allocator"]["value"] == session.DEFAULTS["allocator"]
    assert news["bridge"]["visible"] is False


def test_two_pages_hear_of_one_change():
    page = changing(FakeExplorer(), make=lambda *_, **__: FakeExplorer(OTHER, spec="b"), room_for=lambda *_: True)
    first, second = page.seen(), page.seen()
    page.host.open("b")
    page.host.wait()
    assert "table" in told(page.tick(first, TOKEN, *KNOBS)) and "table" in told(page.tick(second, TOKEN, *KNOBS))


def test_what_cannot_be_opened_is_a_sentence_in_the_dialog():
    page = changing(FakeExplorer())
    value, timer = page.open(gr.EventData(None, {"spec": "no such model"}))
    assert "neither a folder nor a hub id" in value["error"]
    assert timer == gr.skip()
    assert "No model is named" in page.open(gr.EventData(None, None))[0]["error"]


def test_opening_is_told_until_it_ends():
    new = FakeExplorer(OTHER, spec="b", loaded=False)
    page = changing(FakeExplorer(), make=lambda *_, **__: new, room_for=lambda *_: True)
    value, timer = page.open(gr.EventData(None, {"spec": "b"}))
    assert value["opening"] == new.name and timer.value == PACE
    seen = page.seen()
    assert seen["pace"] == PACE
    page.halt()
    page.host.wait()
    news = told(page.tick(seen, TOKEN, *KNOBS))
    assert "cancelled" in news["models"]["error"] and "table" not in news
