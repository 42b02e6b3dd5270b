"""Several score bundles of one model, and measuring another one behind the page."""

import sys
import threading
import weakref
from dataclasses import replace

import pytest
from PIL import Image

from ecoflap import shelf, store
from ecoflap.allocation import allocate
from ecoflap.errors import EcoflapError
from ecoflap.explorer import Explorer
from ecoflap.importance.settings import Settings
from ecoflap.types import Loading, Recipe, ScoreBundle
from tests.pausing import held_after

FIRST = Settings("first-order", samples=3, batch_size=1)
LONGER = Settings(samples=3, batch_size=1)
PICTURE = Image.new("RGB", (32, 32), "blue")


@pytest.fixture
def explorer(t5_folder, sample_folder):
    opened = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder))
    assert opened.wait_prepared().ready
    yield opened
    opened.close()


def measured(explorer, settings, source=None):
    """The run, ended."""
    explorer.measure(settings, source)
    explorer.measurements.wait()
    return explorer.measuring


def test_measured_scores_join_and_a_recipe_chooses_among_them(explorer):
    first = explorer.bundle
    run = measured(explorer, FIRST)
    assert (run.state, run.done, run.total) == ("done", 3, 3)
    assert [bundle.method for bundle in explorer.bundles] == ["zeroth-order", "first-order"]
    assert run.bundle == explorer.bundles[1].fingerprint
    assert explorer.bundle is first and explorer.origins[run.bundle] == "measured"
    other = Recipe(0.5, bundle=run.bundle)
    assert explorer.scored(Recipe(0.5)) is first
    assert explorer.allocate(other) == allocate(explorer.bundles[1], other)
    assert explorer.allocate(other) != explorer.allocate(Recipe(0.5))
    assert (explorer.table(other) != explorer.table(Recipe(0.5))).any()
    assert explorer.ask(PICTURE, "what ?", other).allocation == explorer.allocate(other)


def test_scores_that_are_not_there_are_one_sentence_with_the_way_out(explorer):
    measured(explorer, FIRST)
    with pytest.raises(EcoflapError, match="scores 0123 are not here.*measure them again"):
        explorer.allocate(Recipe(0.5, bundle="0123"))


def test_it_is_the_bundle_that_the_engine_gives_for_the_same_settings(explorer, monkeypatch, tmp_path):
    run = measured(explorer, FIRST)
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "anew"))
    assert explorer.engine.score(FIRST).fingerprint == run.bundle


def test_the_same_settings_twice_are_one_bundle(explorer):
    assert measured(explorer, FIRST).bundle == measured(explorer, FIRST).bundle
    assert len(explorer.bundles) == 2


def test_one_run_at_a_time_for_everybody_and_all_go_on_asking(explorer, monkeypatch):
    with held_after(monkeypatch, 1) as (paused, _):
        explorer.measure(LONGER)
        paused.wait()
        with pytest.raises(EcoflapError, match="being measured already"):
            explorer.measure(FIRST)
        assert explorer.ask(PICTURE, "what ?", Recipe(0.5)).dense.text is not None
    explorer.measurements.wait()
    assert explorer.measuring.state == "done"


def test_what_is_known_grows_while_it_runs_and_ends_as_the_bundle(explorer, monkeypatch):
    layers = len(explorer.layers)
    with held_after(monkeypatch, layers + 5) as (paused, _):
        explorer.measure(LONGER)
        paused.wait()
        known = explorer.measurements.known()
        assert len(known) == layers and None not in known
        assert sum(layer.draws == 2 for layer in known) == 5
        assert explorer.measuring.done == layers + 5
        assert explorer.measurements.known() is known  # looked at anew now and then only
    explorer.measurements.wait()
    assert explorer.measurements.known() == explorer.bundles[1].layers
    shares = [share for share, _ in explorer.measurements.history]
    assert shares == sorted(shares) and shares[-1] == 1


def test_a_stopped_run_keeps_what_it_has_and_goes_on_to_the_same_bits(explorer, monkeypatch, tmp_path):
    with held_after(monkeypatch, 7) as (paused, go):
        explorer.measure(LONGER)
        paused.wait()
        explorer.stop_measuring()
        go.set()
        explorer.measurements.wait()
    stopped = explorer.measuring
    assert (stopped.state, stopped.bundle, len(explorer.bundles)) == ("stopped", "", 1)
    assert sum(layer is not None for layer in explorer.measurements.known()) == stopped.done == 7
    run = measured(explorer, LONGER)
    assert (run.resumed, run.state) == (7, "done")
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "anew"))
    assert explorer.engine.score(LONGER).layers == explorer.bundles[1].layers


def test_samples_of_ones_own(explorer, tmp_path):
    PICTURE.save(tmp_path / "only.png")
    (tmp_path / "own.csv").write_text("image,question,answer\nonly.png,what is there ?,blue square\n")
    run = measured(explorer, FIRST, str(tmp_path / "own.csv"))
    assert run.state == "done", run.error
    assert explorer.bundles[1].facts["calibration"]["samples"] == 1


def test_what_cannot_be_measured_says_so_before_it_begins(explorer):
    with pytest.raises(EcoflapError, match="nowhere"):
        explorer.measure(FIRST, "/nowhere/at/all")
    with pytest.raises(EcoflapError, match="second-order"):
        explorer.measure(Settings("second-order"))
    unopened = Explorer.open("demo", start=False)
    with pytest.raises(EcoflapError, match="before the model is loaded"):
        unopened.measure(FIRST)


def test_a_run_that_fails_says_why_and_the_next_one_can_begin(explorer, tmp_path):
    (tmp_path / "bad.csv").write_text("image,question,answer\nmissing.png,what ?,yes\n")
    run = measured(explorer, FIRST, str(tmp_path / "bad.csv"))
    assert run.state == "failed" and "no usable sample" in str(run.error)
    assert measured(explorer, FIRST).state == "done"


def test_the_cost_is_known_before_and_the_time_after_a_run(explorer):
    layers, batches = len(explorer.layers), 3
    explorer.measurements._paces.clear()
    before = explorer.cost(LONGER)
    assert (before.units, before.seconds) == (layers * batches, None)
    measured(explorer, FIRST)
    assert explorer.cost(LONGER).seconds > 0
    assert explorer.cost(Settings(samples=30)).forwards == pytest.approx(10 * before.forwards)


def test_closing_ends_a_run_and_nothing_of_the_model_stays(explorer, monkeypatch):
    module = weakref.ref(explorer.engine.model.module)
    with held_after(monkeypatch, 7) as (paused, go):
        explorer.measure(LONGER)
        paused.wait()
        closing = threading.Thread(target=explorer.close)
        closing.start()
        explorer.engine._closing.wait()
        go.set()
        closing.join()
    assert explorer.measuring.state in ("stopped", "failed")
    assert module() is None
    with pytest.raises(EcoflapError, match="no longer loaded"):
        explorer.measure(LONGER)


def test_a_score_file_is_checked_and_added(explorer, tmp_path, monkeypatch):
    bundle = explorer.engine.score(FIRST)
    bundle.write(tmp_path / "own.json")
    assert explorer.add_scores(tmp_path / "own.json").fingerprint == explorer.bundles[1].fingerprint
    assert explorer.origins[bundle.fingerprint] == "file"
    other = ScoreBundle("x", "first-order", bundle.layers, {"model_fingerprint": "0" * 16})
    other.write(tmp_path / "other.json")
    with pytest.raises(EcoflapError, match="measured on weights with fingerprint 0000"):
        explorer.add_scores(tmp_path / "other.json")
    for text in ("{", "[]", (tmp_path / "own.json").read_text().replace(f'"{bundle.fingerprint}"', '"0123"')):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(EcoflapError, match="bad.json") as error:
            explorer.add_scores(tmp_path / "bad.json")
        assert str(tmp_path) not in str(error.value), "where it lies is the host's affair"
    monkeypatch.setattr("ecoflap.explorer.MOST_SCORES", 10)
    with pytest.raises(EcoflapError, match="at most"):
        explorer.add_scores(tmp_path / "own.json")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda layers: layers[:1], "lack .* layers of .*A modality is scored whole"),
        (lambda layers: tuple(replace(layer, block="b") for layer in layers), "of another model"),
        (lambda layers: tuple(replace(layer, modality="bridge") for layer in layers), "of another model"),
        (lambda layers: tuple(replace(layer, rows=1) for layer in layers), "of another model"),
    ],
)
def test_scores_of_other_layers_are_refused(explorer, tmp_path, change, sentence):
    ScoreBundle("x", "y", change(explorer.layers)).write(tmp_path / "part.json")
    with pytest.raises(EcoflapError, match=sentence):
        explorer.add_scores(tmp_path / "part.json")
    assert explorer.bundles == (explorer.bundle,)


def test_scores_without_the_bridge_are_whole(explorer, tmp_path):
    layers = tuple(layer for layer in explorer.layers if layer.modality != "bridge")
    assert len(layers) < len(explorer.layers)
    ScoreBundle("x", "imported from x.pth", layers).write(tmp_path / "own.json")
    explorer.add_scores(tmp_path / "own.json")
    assert len(explorer.bundles) == 2


def test_what_is_added_again_counts_as_new_and_what_was_measured_outlives_files(explorer, monkeypatch):
    monkeypatch.setattr(shelf, "KEPT_BUNDLES", 3)
    made = {name: ScoreBundle("x", name, explorer.layers) for name in "abcd"}
    for name, origin in ("a", "measured"), ("b", "file"), ("c", "file"), ("b", "file"), ("a", "file"), ("d", "file"):
        explorer.add(made[name], origin)
    assert [bundle.method for bundle in explorer.bundles[1:]] == ["b", "a", "d"]
    assert {explorer.origins[made[name].fingerprint] for name in "bd"} == {"file"}
    assert explorer.origins[made["a"].fingerprint] == "measured"
    assert made["c"].fingerprint not in explorer.origins


def test_bundles_that_come_at_once_are_all_kept(explorer):
    made = [ScoreBundle("x", str(number), explorer.layers) for number in range(12)]
    marks = {bundle.fingerprint for bundle in made}  # computed here, so that the threads do nothing else
    was = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(100):
            explorer._added, explorer.origins = {}, {}
            adding = [threading.Thread(target=explorer.add, args=(bundle, "file")) for bundle in made]
            for thread in adding:
                thread.start()
            for thread in adding:
                thread.join()
            assert explorer._added.keys() == marks == explorer.origins.keys()
    finally:
        sys.setswitchinterval(was)


def test_of_many_bundles_the_oldest_added_goes_and_the_first_stays(explorer, monkeypatch):
    monkeypatch.setattr(shelf, "KEPT_BUNDLES", 2)
    first, layers = explorer.bundle, explorer.layers
    for name in "abc":
        explorer.add(ScoreBundle("x", name, layers), "file")
    assert [bundle.method for bundle in explorer.bundles] == [first.method, "b", "c"]


def test_first_scores_can_be_stopped_and_measured_otherwise(t5_folder, sample_folder, tmp_path, monkeypatch):
    with held_after(monkeypatch, 5) as (paused, go):
        explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder))
        paused.wait()
        assert explorer.bundles == () and len(explorer.layers) == explorer.measuring.total
        assert sum(layer is not None for layer in explorer.measurements.known()) == 5
        with pytest.raises(EcoflapError, match="not scored yet"):
            explorer.check_scored(Recipe(0.5))
        ScoreBundle("x", "a stranger's", explorer.layers).write(tmp_path / "own.json")
        with pytest.raises(EcoflapError, match="is being scored now"):
            explorer.add_scores(tmp_path / "own.json")
        assert explorer.bundles == ()
        explorer.stop_measuring()
        go.set()
        status = explorer.wait_prepared()
    assert status.ready and "no scores yet" in status.message
    with pytest.raises(EcoflapError, match="not scored yet"):
        explorer.check_scored(Recipe(0.5))
    assert [path.suffix for path in (store.folder() / "scores").iterdir()] == [".journal"]
    run = measured(explorer, FIRST)
    assert explorer.bundle.fingerprint == run.bundle
    assert "Ready" in explorer.status().message
    explorer.close()
