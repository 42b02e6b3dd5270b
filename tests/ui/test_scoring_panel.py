"""Measuring from the page: what its dialog offers and sends, how a run reads, and scores to choose among."""

import json
from dataclasses import replace

import gradio as gr
import pytest

from ecoflap.errors import EcoflapError
from ecoflap.host import Host
from ecoflap.importance import registry
from ecoflap.importance.settings import GRADIENTS, Settings
from ecoflap.texts import table
from ecoflap.types import ScoreBundle
from ecoflap.ui import scoring_panel, session, sources
from ecoflap.ui.changing import PACE, Changing
from ecoflap.ui.handlers import ALLOCATOR, SCORES, Handlers
from ecoflap.ui.restoring import Restoring
from ecoflap.ui.scoring_panel import Scoring
from tests.ui.fakes import FakeExplorer, small_bundle

TOKEN = session.example_token(36)


def another(method="first-order", curves=False, **facts):
    """Other scores of the same layers."""
    curve = ((0.5, 0.1, 0.0),) if curves else ()
    layers = tuple(
        replace(layer, score=layer.score ** (len(method) / 6), curve=curve) for layer in small_bundle().layers
    )
    return ScoreBundle("fake", method, layers, facts)


@pytest.fixture
def explorer():
    """An explorer with two score bundles, of which the second one has no curves."""
    first = another("zeroth-order", curves=True, seed=0, calibration={"samples": 32})
    fake = FakeExplorer(first)
    fake.added = [another(seed=3, calibration={"samples": 16})]
    return fake


@pytest.fixture
def scoring(explorer):
    return Scoring(Handlers(Host(explorer)))


def event(**values):
    return gr.EventData(None, values)


def knobs(**values):
    return [*(session.DEFAULTS | values).values()]


def test_the_dialog_offers_what_the_registry_has():
    assert list(scoring_panel.METHODS) == [method.name for method in registry.METHODS]
    assert [entry["name"] for entry in scoring_panel.methods("en")] == list(scoring_panel.METHODS)
    assert [entry["name"] for entry in scoring_panel.gradients("en")] == list(GRADIENTS)
    assert scoring_panel.defaults()["samples"] == Settings().samples


def test_settings_reach_the_explorer(scoring, explorer):
    value, timer = scoring.measure(
        event(method="zeroth-order", samples=16, seed=3, draws=4, source=" my/set ", asked=7), ""
    )
    assert explorer.measured == [(Settings(samples=16, seed=3, draws=4), "my/set")]
    assert (value["asked"], value["mine"], timer.value) == (7, explorer.measuring.number, PACE)
    assert value["run"]["state"] == "running"


def test_one_run_at_a_time_is_a_sentence(scoring):
    scoring.measure(event(method="first-order", gradient="GradOnly"), "")
    value, timer = scoring.measure(event(method="first-order", asked=2), "")
    assert "being measured already" in value["error"] and value["asked"] == 2
    assert "mine" not in value and timer == gr.skip()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"samples": 0}, "samples is 0"),
        ({"samples": 10**6}, "samples is 1000000"),
        ({"samples": "many"}, "samples is 'many'"),
        ({"samples": True}, "samples is True"),
        ({"draws": 1000}, "draws is 1000"),
        ({"seed": -1}, "seed is -1"),
        ({"method": "second-order"}, "method is 'second-order'"),
        ({"gradient": "Grad"}, "gradient is 'Grad'"),
        ({"gradient": ["Grad"]}, "gradient is"),
    ],
)
def test_what_the_dialog_does_not_offer_is_refused(scoring, explorer, sent, words):
    value, _ = scoring.measure(event(**({"method": "first-order"} | sent)), "")
    assert words in value["error"]
    assert explorer.measured == []


def test_strangers_name_no_files_of_this_machine(explorer):
    scoring = Scoring(Handlers(Host(explorer, free=False)))
    value, _ = scoring.measure(event(method="first-order", source="/etc"), "")
    assert "/etc" in value["error"] and explorer.measured == []
    scoring.measure(event(method="first-order", source="demo"), "")
    assert explorer.measured[0][1] == "demo"


def test_the_cost_is_said_before_it_begins(scoring, explorer, monkeypatch):
    value = scoring.cost(event(method="zeroth-order", samples=16, asked=4), "")
    passes = "At most 16 measurements, 160 passes of one sample through one block."
    assert value["cost"] == f"{passes} How long that takes shows as soon as it runs."
    assert value["priced"] == 4
    begun, _ = scoring.measure(event(method="zeroth-order", samples=16), "")
    assert begun["cost"] == value["cost"], "a start does not say what it costs"
    priced = replace(explorer.cost(Settings(samples=16)), seconds=200.0)
    monkeypatch.setattr(explorer, "cost", lambda settings: priced)
    assert "about 3 min" in scoring.cost(event(method="zeroth-order"), "")["cost"]


@pytest.mark.parametrize(
    ("settings", "once"),
    [
        (Settings(samples=8), True),
        (Settings(samples=9), False),
        (Settings(samples=8, draws=2), False),
        (Settings("first-order", samples=8, draws=2), True),
        (Settings("response", samples=8), False),
    ],
)
def test_whoever_measures_every_layer_once_hears_that_there_will_be_no_error_bars(scoring, settings, once):
    assert scoring_panel.single(settings) is once
    asked = {name: getattr(settings, name) for name in ("method", "samples", "draws")}
    assert ("no error bars" in scoring.cost(event(**asked), "")["cost"]) is once


def test_times_as_people_say_them():
    say = scoring_panel.duration
    assert say("page.scoring.left", 20, "en") == "less than a minute left"
    assert say("page.scoring.left", 130, "en") == "about 2 min left"
    assert say("page.scoring.left", 3 * 3600, "en") == "about 3.0 hours left"


def moment(explorer, **facts):
    """Set how far the run is."""
    explorer.measurements.now = replace(explorer.measurements.now, **facts)


def test_a_run_says_how_far_it_is_and_what_it_keeps(scoring, explorer):
    scoring.measure(event(method="zeroth-order", samples=16), "")
    words = lambda: scoring_panel.value(scoring.handlers)["run"]["words"]  # noqa: E731
    assert "Reading" in words()
    moment(explorer, done=12, total=48, left=100.0, resumed=8)
    assert words() == "12 of 48 measurements done, about 2 min left. 8 of them are from an earlier run."
    moment(explorer, state="stopped")
    assert "12 of 48 measurements are kept: start again with the same settings" in words()
    moment(explorer, state="failed", error=EcoflapError("samples_none", path="x"))
    assert words() == EcoflapError("samples_none", path="x").text()
    moment(explorer, state="done", bundle=explorer.added[0].fingerprint)
    assert "Done: 48" in words()
    assert scoring_panel.value(scoring.handlers)["run"]["knob"] == explorer.added[0].fingerprint


def test_the_map_gets_what_is_known_in_the_order_of_its_layers(scoring, explorer):
    scoring.measure(event(method="first-order"), "")
    layers = explorer.layers
    explorer.measurements._known = (None, *reversed(layers[2:]), None)
    found = scoring_panel.value(scoring.handlers)
    assert found["map"]["scores"] == [None, None, *(layer.score for layer in layers[2:])]
    assert found["map"]["stderr"][2] == pytest.approx(layers[2].stderr)
    assert 0 < found["run"]["precision"] < 1
    json.dumps(found, allow_nan=False)


def test_a_tick_tells_of_a_run_and_of_new_scores(explorer):
    page = Changing(Handlers(Host(explorer)))
    seen = page.seen()
    run = explorer.measure(Settings())
    ticked = page.tick(seen, TOKEN, *knobs())
    timer, now, scores, value = ticked[4], ticked[5], ticked[9], ticked[10]
    assert timer.value == PACE and value["run"]["number"] == run.number and scores == gr.skip()
    explorer.added.append(another("response"))
    moment(explorer, state="done", total=1, done=1, bundle=explorer.added[1].fingerprint)
    ticked = page.tick(now, TOKEN, *knobs())
    assert ticked[2] == gr.skip()  # what is chosen is still there: no new table
    assert len(ticked[9]["choices"]) == 3 and "value" not in ticked[9]
    assert ticked[10]["run"]["state"] == "done"


def test_chosen_scores_that_are_gone_give_way_to_the_first_ones(explorer):
    page = Changing(Handlers(Host(explorer)))
    seen, gone = page.seen(), explorer.added[0].fingerprint
    explorer.added = [another("response")]
    ticked = page.tick(seen, TOKEN, *knobs(scores=gone))
    assert ticked[2]["model"] == ticked[2]["grid"]["model"] and ticked[2]["knobs"]["scores"] == ""
    assert ticked[9]["value"] == ""


def test_scores_in_words_no_two_alike(explorer):
    choices = sources.choices(explorer, "en")
    assert choices == [
        ("Zeroth-order, 32 samples, seed 0 (came with the model)", ""),
        ("First-order, 16 samples, seed 3 (came with the model)", explorer.added[0].fingerprint),
    ]
    made = another("MEZO", curves=True)
    explorer.added = [made, another("MEZO")]
    explorer.origins = {bundle.fingerprint: "file" for bundle in explorer.added}
    words = [words for words, _ in sources.choices(explorer, "en")]
    assert words[1] == "MEZO, from a file" and words[2].startswith("MEZO, from a file (")
    explorer.added = [another(created="2020-01-02T03:04:05+00:00"), another("response", created="today", curves=True)]
    explorer.origins = {bundle.fingerprint: "measured" for bundle in explorer.added}
    words = [words for words, _ in sources.choices(explorer, "en")]
    assert words[1].startswith("First-order, 2020-01-0") and words[2] == "Response to pruning"


def test_the_words_of_scores_are_short_whatever_a_file_says(explorer):
    explorer.added = [another("x" * 290)]
    assert len(sources.choices(explorer, "en")[1][0]) < 200


def test_other_scores_bring_their_table_layers_and_allocators(explorer):
    handlers, other = Handlers(Host(explorer)), explorer.added[0]
    table, allocator = handlers.rescored(*knobs(scores=other.fingerprint, allocator="response"))
    assert table["model"] == table["grid"]["model"] != handlers.grid()["model"]
    assert [cell["score"] for cell in table["grid"]["layers"]] == [layer.score for layer in other.layers]
    assert table["knobs"]["allocator"] == allocator["value"] == "ecoflap"
    assert "is not listed" in allocator["info"]
    assert "response" not in [name for _, name in allocator["choices"]]
    back, allocator = handlers.rescored(*knobs())
    assert "response" in [name for _, name in allocator["choices"]]
    assert back["cells"] != table["cells"] and back["key"] != table["key"]


def test_figures_and_confirmation_are_of_the_chosen_scores(explorer):
    handlers, other = Handlers(Host(explorer)), explorer.added[0]
    own, chosen = (handlers.commit(event(percent=50), *knobs(scores=scores)[1:]) for scores in ("", other.fingerprint))
    assert own[0]["kept"] != chosen[0]["kept"]
    assert chosen[0]["key"] == handlers.table(*knobs(scores=other.fingerprint))["key"]


def test_undo_to_other_scores_brings_their_layers(explorer):
    restoring, other = Restoring(Handlers(Host(explorer))), explorer.added[0].fingerprint
    found = restoring.restore(event(values={"scores": other, "allocator": "response"}))
    assert found[0]["grid"]["model"] == found[0]["model"]
    updates = dict(zip(session.DEFAULTS, found[2:]))
    assert updates["scores"]["value"] == other and len(updates["scores"]["choices"]) == 2
    assert updates["allocator"]["value"] == "ecoflap" == found[0]["knobs"]["allocator"]
    assert "grid" not in restoring.restore(event(values={"scores": other}), *knobs(scores=other))[0]
    back = event(values=session.DEFAULTS)
    assert "grid" in restoring.restore(back, *knobs(scores=other))[0]
    assert "grid" not in restoring.restore(back, *knobs())[0]


def test_scores_nobody_has_are_one_sentence(explorer):
    restoring = Restoring(Handlers(Host(explorer)))
    found = restoring.restore(event(values={"scores": "0123"}))
    assert "scores 0123 are not here" in found[0]["error"] and found[1] == gr.skip()
    assert "not here" in Handlers(Host(explorer)).table(*knobs(scores="0123"))["error"]


def test_what_cannot_be_had_falls_back(explorer):
    handlers = Handlers(Host(explorer))
    found = handlers.possible(knobs(scores="0123", allocator="response", overrides={"nowhere": 0.5, "vision": 0.1}))
    assert (found[SCORES], found[ALLOCATOR], found[-1]) == ("", "response", {"vision": 0.1})


def test_a_score_file_is_added_and_saved_again_byte_for_byte(scoring, explorer, monkeypatch, tmp_path):
    bundle = another("response", curves=True)
    bundle.write(tmp_path / "own.json")
    monkeypatch.setattr(scoring_panel, "uploaded", lambda file: file)
    added = scoring.upload(tmp_path / "own.json", "")["added"]
    assert added["bundle"] == bundle.fingerprint == explorer.bundles[-1].fingerprint
    saved = scoring.file(bundle.fingerprint)["saved"]
    assert saved["text"] == (tmp_path / "own.json").read_text()
    assert saved["name"].endswith(".json")
    (tmp_path / "bad.json").write_text("{}")
    assert "not a score bundle" in scoring.upload(tmp_path / "bad.json", "")["added"]["error"]
    assert "not here" in scoring.file("0123")["saved"]["error"]


def test_a_file_that_nobody_uploaded_is_not_read(scoring):
    assert "upload" in scoring.upload("/etc/passwd", "")["added"]["error"]


def test_every_method_has_its_words():
    for method in registry.METHODS:
        assert f"page.scoring.method.{method.name}" in table() and f"page.scoring.about.{method.name}" in table()
