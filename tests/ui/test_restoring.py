"""Every knob at once: what the browser remembers comes back as a whole, or one sentence and nothing moves."""

import gradio as gr
import pytest

from ecoflap.allocation import allocate
from ecoflap.errors import EcoflapError
from ecoflap.host import Host
from ecoflap.ui import session
from ecoflap.ui.changing import Changing
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.restoring import Restoring
from tests.ui.fakes import FakeExplorer, small_bundle

VISION = small_bundle().layers[0].block
NAMES = list(session.DEFAULTS)


def restored(explorer=None, ticket=7, **changes):
    """(table, note, updates by name) of setting every knob."""
    event = gr.EventData(None, {"values": session.DEFAULTS | changes, "ticket": ticket})
    table, note, *updates = Restoring(Handlers(Host(explorer or FakeExplorer()))).restore(event)
    return table, note, dict(zip(NAMES, updates, strict=True))


def refused(found) -> str:
    """The sentence, where nothing moves."""
    table, note, updates = found
    assert table.keys() == {"error", "ticket"}
    assert note == gr.skip() and all(update == gr.skip() for update in updates.values())
    return table["error"]


def test_every_knob_is_set_and_the_table_says_whose_wish_it_was():
    table, note, updates = restored(percent=40, granularity="layer", cap_mode="fixed", cap=70, overrides={VISION: 0.3})
    assert (table["adopt"], table["ticket"]) == (40, 7)
    assert table["knobs"]["overrides"] == {VISION: 0.3} == updates["overrides"]
    assert updates["granularity"]["value"] == "layer" and updates["percent"]["value"] == 40
    assert updates["cap"]["visible"] and not updates["margin"]["visible"]
    assert not note["visible"] and updates["percent"]["interactive"]


def test_a_pattern_comes_back_with_its_note_and_leaves_the_locks_aside():
    table, note, updates = restored(percent=60, pattern="2:4", overrides={VISION: 0.3})
    assert table["adopt"] == 50 and note["visible"] and not updates["percent"]["interactive"]
    assert updates["overrides"] == {VISION: 0.3} == table["knobs"]["overrides"]
    assert set(table["kept"]) == {table["total"] // 2}


def test_the_table_holds_the_locks_at_every_target_that_they_allow():
    table, *_ = restored(overrides={"vision": 0.45})
    vision = table["modalities"][0]
    share = {kept for kept, can in zip(vision["kept"], table["reachable"]) if can}
    assert share == {vision["size"] - round(0.45 * vision["size"])}
    assert not table["reachable"][0] and not table["reachable"][95]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"overrides": {"vision": 0.3, "language": 0.99}}, "leave no solution"),
        ({"percent": 80, "overrides": {"vision": 0.0}}, "leave no solution at target 80.0%"),
        ({"overrides": {"hearing": 0.3}}, "called 'hearing'"),
        ({"overrides": {VISION: 0.0, f"{VISION}.mlp.fc1": 0.5}}, "Free one of them"),
        ({"overrides": {VISION: 7}}, f"{VISION} is 7"),
        ({"overrides": [1]}, "overrides"),
        ({"percent": 80, "cap_mode": "fixed"}, "above the cap"),
        ({"percent": "x"}, "target is"),
        ({"granularity": "row"}, "Choose one of"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_moves(changes, sentence):
    assert sentence in refused(restored(**changes))


def test_when_everything_is_locked_it_is_said_though_one_target_could_be_met():
    found = restored(overrides={"vision": 0.501, "language": 0.499})
    assert "leave no solution" in refused(found)


def test_nonsense_from_a_raw_request_moves_nothing():
    for data in (None, 5, {"values": 5}, {}):
        table, *updates = Restoring(Handlers(Host(FakeExplorer()))).restore(gr.EventData(None, data))
        assert "adopt" not in table and table["ticket"] is None and any(table["reachable"])
        assert all(update == gr.skip() for update in updates)


def test_a_knob_that_was_not_sent_stays_where_a_hand_may_have_moved_it():
    event = gr.EventData(None, {"values": {"overrides": {VISION: 0.3}, "percent": 40}, "ticket": 1})
    knobs = (session.DEFAULTS | {"granularity": "layer"}).values()
    table, note, *updates = Restoring(Handlers(Host(FakeExplorer()))).restore(event, *knobs)
    moved = {name for name, update in zip(NAMES, updates) if update != gr.skip()}
    assert moved == {"percent", "overrides"} and note == gr.skip() and table["knobs"]["granularity"] == "layer"


def test_a_knob_that_locks_stand_against_says_so_and_keeps_what_was_set():
    handlers = Handlers(Host(FakeExplorer()))
    knobs = session.DEFAULTS | {"overrides": {"bridge": 0.3}}
    table = handlers.retable(*knobs.values())[0]
    assert "called 'bridge'" in table["error"] and table["knobs"]["overrides"] == {"bridge": 0.3}
    assert "error" not in handlers.retable(*(knobs | {"bridge": True}).values())[0]


def test_figures_and_table_of_a_locked_recipe_agree():
    knobs = session.DEFAULTS | {"percent": 45, "overrides": {VISION: 0.2}}
    handlers = Handlers(Host(FakeExplorer()))
    confirmed, *_ = handlers.commit(gr.EventData(None, {"percent": 45}), *[*knobs.values()][1:])
    table, *_ = restored(**knobs)
    assert confirmed["key"] == table["key"] and confirmed["total_kept"] == table["kept"][45]
    assert confirmed["kept"] == list(allocate(small_bundle(), session.recipe_of(*knobs.values())).kept)


@pytest.mark.parametrize("overrides", [{VISION: 0.2, "gone.0": 0.3}, {VISION: 0.2}, {}, None, [1]])
def test_another_model_takes_away_the_locks_on_what_it_lacks(overrides):
    handlers = Handlers(Host(FakeExplorer()))
    knobs = tuple((session.DEFAULTS | {"overrides": overrides}).values())
    possible = dict(zip(NAMES, handlers.possible(knobs), strict=True))
    assert possible["overrides"] == ({VISION: 0.2} if overrides and VISION in overrides else {})
    told = Changing(handlers)._knobs([*possible.values()], knobs)[2]
    assert told == (gr.skip() if possible["overrides"] == overrides else possible["overrides"])


@pytest.mark.parametrize("nothing", [None, [], {}, "", 0, False])
def test_no_scores_in_any_form_are_the_first_ones(nothing):
    table, _, updates = restored(scores=nothing, overrides=nothing)
    assert table["adopt"] == 50 and updates["scores"]["value"] == "" and updates["overrides"] == {}


@pytest.mark.parametrize("scores", ["0123", [1], 7, {"a": 1}])
def test_scores_that_are_not_there_are_one_sentence_and_nothing_moves(scores):
    assert refused(restored(scores=scores))


def test_scores_that_go_meanwhile_are_one_sentence(monkeypatch):
    def gone(self, scores=""):
        raise EcoflapError("scores_unknown", wanted="0123", found="")

    monkeypatch.setattr(Handlers, "grid", gone)
    event = gr.EventData(None, {"values": session.DEFAULTS, "ticket": 7})
    table, *_ = Restoring(Handlers(Host(FakeExplorer()))).restore(
        event, *(session.DEFAULTS | {"scores": "other"}).values()
    )
    assert "are not here" in table["error"]
