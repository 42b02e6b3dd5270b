"""What the page hands out, and the recipe that comes back: against the same facts from the engine's side."""

import io
import json

import gradio as gr
import pandas
import pytest
import yaml

from ecoflap.formats.tables import read_table
from ecoflap.host import Host
from ecoflap.types import Recipe
from ecoflap.ui import opening, session
from ecoflap.ui.export_panel import KINDS, Exporting
from ecoflap.ui.handlers import Handlers
from tests.ui.fakes import FakeExplorer, small_bundle

BLOCK = small_bundle().layers[0].block
KNOBS = {"percent": 42, "granularity": "layer", "overrides": {BLOCK: 0.3}}


@pytest.fixture
def exporting():
    return Exporting(Handlers(Host(FakeExplorer())))


def taken(exporting, what, **knobs):
    event = gr.EventData(None, {"what": what, "values": session.DEFAULTS | knobs, "ticket": 5})
    value = exporting.take(event)
    assert value["ticket"] == 5
    return value


def opened(exporting, text, name="recipe.json"):
    value = exporting.open(gr.EventData(None, {"text": text, "name": name, "ticket": 6}))
    assert value.pop("ticket") == 6
    return value


def allocation(exporting):
    return exporting.handlers.explorer.allocate(session.recipe_of(*session.knobs_of(KNOBS)))


def test_the_json_names_its_scores_and_loads_as_a_recipe(exporting, tmp_path):
    (tmp_path / "recipe.json").write_text(taken(exporting, "json", **KNOBS)["text"])
    recipe = Recipe.read(tmp_path / "recipe.json")
    assert (recipe.target, recipe.granularity, recipe.overrides) == (0.42, "layer", {BLOCK: 0.3})
    assert recipe.bundle == small_bundle().fingerprint and recipe.model == "fake"


def test_yaml_and_csv_hold_every_prunable_layer(exporting, tmp_path):
    found = allocation(exporting)
    wanted = {one.name: share for one, share, counts in zip(found.layers, found.sparsity, found.prunable) if counts}
    table = yaml.safe_load(taken(exporting, "yaml", **KNOBS)["text"])
    assert all(name.endswith(".weight") for name in table)
    assert list(table.values()) == list(wanted.values())
    (tmp_path / "layers.csv").write_text(taken(exporting, "csv", **KNOBS)["text"])
    assert read_table(tmp_path / "layers.csv") == wanted
    rows = pandas.read_csv(tmp_path / "layers.csv")
    assert rows["kept"].sum() == found.total_kept


def test_the_caps_of_the_csv_are_those_of_the_map(exporting):
    knobs = {"percent": 60, "cap_mode": "fixed", "cap": 60, "overrides": {BLOCK: 0.6}}
    rows = pandas.read_csv(io.StringIO(taken(exporting, "csv", **knobs)["text"]))
    table = exporting.handlers.table(*session.knobs_of(knobs))
    assert 0 < rows["capped"].sum() == table["capped"][60] < len(rows)


def test_the_code_names_model_and_scores(exporting):
    value = taken(exporting, "code", **KNOBS)
    assert value["ending"] == "py" and "target=0.42" in value["text"]
    assert value["command"].startswith("python -m ecoflap prune --model fake ")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_target_achieved_and_of_how_many(language):
    exporting = Exporting(Handlers(Host(FakeExplorer()), language))
    text = taken(exporting, "page", **KNOBS)["text"]
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert data["percent"] == 42 and data["recipe"]["overrides"] == {BLOCK: 0.3}
    assert data["table"]["kept"][42] == allocation(exporting).total_kept
    assert data["table"]["total"] == allocation(exporting).total
    assert data["about"]["fingerprint"] == small_bundle().fingerprint


@pytest.mark.parametrize("what", ["", None, 3, ["json"], "../../etc/passwd"])
def test_what_there_is_not_is_one_sentence(exporting, what):
    assert taken(exporting, what)["error"].endswith("yaml, csv, code, page.")


def test_knobs_that_make_no_recipe_are_one_sentence(exporting):
    assert "error" in taken(exporting, "json", percent=99)
    assert "error" in taken(exporting, "json", scores="0123456789abcdef")
    assert "error" in exporting.take(gr.EventData(None, "text"))
    exporting.handlers.host.explorer.bundle = None
    assert "no scores" in taken(exporting, "json")["error"] or "score" in taken(exporting, "json")["error"]


CASES = [
    {},
    {"percent": 7, "margin": 29, "allocator": "uniform", "granularity": "model", "bridge": True},
    {"percent": 70, "cap_mode": "fixed", "cap": 93, "overrides": {BLOCK: 0.823456789}},
    {"pattern": "2:4", "granularity": "layer"},
]


@pytest.mark.parametrize("knobs", CASES)
def test_a_saved_recipe_opens_with_every_knob(exporting, knobs):
    saved = taken(exporting, "json", **knobs)["text"]
    assert opened(exporting, saved)["values"] == session.DEFAULTS | knobs
    assert opened(exporting, "\ufeff" + saved)["values"]["percent"] == knobs.get("percent", 50)


def changed(exporting, **fields):
    return json.dumps(json.loads(taken(exporting, "json")["text"]) | fields)


def test_what_the_page_has_no_knob_for_is_named(exporting):
    def why(**fields):
        return opened(exporting, changed(exporting, **fields))["error"]

    assert "pruner = magnitude" in why(pruner="magnitude")
    assert "target = 0.505" in why(target=0.505)
    assert "cap_margin = 0.3" not in why(cap_margin=0.3, calibration="sequential")
    assert "cap_margin = 0.7" in why(cap_margin=0.7)
    assert "modalities" in why(modalities=["vision"])
    assert "--recipe" in why(scope="row")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "recipe.json is no recipe"),
        ("[" * 100000, "recipe.json is no recipe"),
        ("[]", "format is 'list'"),
        ('{"format": "ecoflap-scores/1"}', "format is 'ecoflap-scores/1'"),
        ('{"format": "ecoflap-recipe/1", "colour": 1}', "colour"),
        ('{"format": "ecoflap-recipe/1", "target": NaN}', "target"),
        ('{"format": "ecoflap-recipe/1", "overrides": 3}', "overrides"),
        ("x" * (opening.MOST_BYTES + 1), "larger than 512 kB"),
        (None, "recipe.json is no recipe"),
    ],
)
def test_a_damaged_file_is_one_sentence(exporting, text, sentence):
    found = opened(exporting, text)
    assert sentence in found["error"] and found.keys() == {"error"}


def test_another_bundle_is_refused_by_its_fingerprint(exporting):
    why = opened(exporting, changed(exporting, bundle="0123456789abcdef"))["error"]
    assert "0123456789abcdef" in why and small_bundle().fingerprint in why
    assert "values" in opened(exporting, changed(exporting, bundle=""))


def test_every_kind_has_an_ending():
    assert set(KINDS.values()) == {"json", "yaml", "csv", "py", "html"}
