"""Scores without their model: what can be explored, what says that it cannot, and files that are none."""

import json
import sys

import pytest

import app
from ecoflap.allocation import allocate
from ecoflap.errors import EcoflapError
from ecoflap.host import Host
from ecoflap.importance.settings import Settings
from ecoflap.scores_only import ScoresOnly
from ecoflap.types import Recipe, ScoreBundle
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.session import DEFAULTS
from tests.ui.fakes import small_bundle


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "scores.json"
    small_bundle().write(path)
    return path


def test_it_allocates_and_everything_else_says_why_not(bundle):
    explorer = ScoresOnly(bundle)
    explorer.start()
    assert explorer.name == "fake" and not explorer.has_model and not explorer.is_demo
    assert explorer.allocate(Recipe(0.4)).kept == allocate(small_bundle(), Recipe(0.4)).kept
    assert explorer.table(Recipe()).shape == (96, len(small_bundle().layers))
    for refused in (
        lambda: explorer.wait(),
        lambda: explorer.ask(None, "What?", Recipe()),
        lambda: explorer.dense(None, "What?"),
        lambda: explorer.measure(Settings()),
        lambda: explorer.cost(Settings()),
        lambda: Host(explorer).open("demo"),
    ):
        with pytest.raises(EcoflapError) as said:
            refused()
        assert said.value.code == "scores_only"


def test_the_page_says_so_in_the_place_of_the_model(bundle):
    host = Host(ScoresOnly(bundle))
    handlers = Handlers(host)
    assert handlers.status() == {"state": "scores", "words": "Scores only, no model", "model": "fake"}
    assert host.listed() == [] and host.offers == {}
    table = handlers.table(*DEFAULTS.values())
    assert "error" not in table and any(table["reachable"])


def test_other_scores_of_the_same_model_join_and_those_of_another_do_not(bundle, tmp_path):
    explorer = ScoresOnly(bundle)
    other = ScoreBundle("fake", "first-order", small_bundle().layers)
    other.write(tmp_path / "other.json")
    added = explorer.add_scores(tmp_path / "other.json")
    assert [kept.fingerprint for kept in explorer.bundles] == [small_bundle().fingerprint, added.fingerprint]
    ScoreBundle("fake", "first-order", small_bundle().layers[:3]).write(tmp_path / "part.json")
    with pytest.raises(EcoflapError) as said:
        explorer.add_scores(tmp_path / "part.json")
    assert said.value.code == "bundles_differ"


def changed(**more):
    """A bundle's document with other values, and other values in its first layer."""
    document = small_bundle().to_json()
    document["layers"][0] |= more.pop("layer", {})
    return json.dumps(document | more)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not JSON"),
        (changed()[:-50], "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "list"),
        (changed(format="ecoflap-scores/9"), "ecoflap-scores/9"),
        (changed(layers=[]), "no layers"),
        (changed(layer={"score": -1}), "-1"),
        (changed(layer={"rows": 10**40}), "rows"),
        (changed(layer={"name": "a\n\x1b[31mb", "modality": "smell"}), "smell"),
        (changed(layer={"name": "\ud800"}), "name"),
        (changed(layer={"name": "n" * 301}), "301"),
        (changed(layer={"name": "vision_model.encoder.layers.1.mlp.fc2"}), "twice"),
        (changed(layer={"score": 7}), "fingerprint"),
    ],
)
def test_a_file_that_is_no_bundle_is_one_line(text, word, tmp_path, monkeypatch, capsys):
    path = tmp_path / "scores.json"
    path.write_text(text)
    monkeypatch.setattr(sys, "argv", ["app.py", "--scores", str(path)])
    with pytest.raises(SystemExit) as left:
        app.main()
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.count("\n") == 1 and word in said and "\x1b" not in said


def test_a_file_that_is_not_there_or_too_large_is_one_line(tmp_path, monkeypatch, capsys):
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(40_000_000)
    for path, word in ((tmp_path / "none.json", "none.json"), (large, "40 MB"), (tmp_path, str(tmp_path))):
        monkeypatch.setattr(sys, "argv", ["app.py", "--scores", str(path)])
        with pytest.raises(SystemExit) as left:
            app.main()
        said = capsys.readouterr().err
        assert left.value.code == 2 and word in said and said.count("\n") == 1
