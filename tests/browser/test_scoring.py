"""Measuring scores in real Chromium: the map fills, stopping keeps, and several scores to choose among."""

import json

import pytest

from ecoflap import store
from ecoflap.allocation import ALLOCATORS
from ecoflap.cli import app
from ecoflap.explorer import Explorer
from ecoflap.importance.settings import Settings
from ecoflap.types import Loading, ScoreBundle
from tests.browser.conftest import Watched, serve
from tests.pausing import held_after

DIALOG = "dialog.scoring"


@pytest.fixture(scope="module")
def own():
    """An embedded model whose scores this module may add to."""
    explorer = Explorer.open("demo")
    assert explorer.wait_prepared().ready
    yield explorer
    explorer.close()


@pytest.fixture
def scored(chromium, own):
    """The page over it, with its first scores alone."""
    own._added, own.measurements.now = {}, None
    blocks, url = serve(own)
    watched = Watched(chromium.new_page(viewport={"width": 1440, "height": 900}), url)
    yield watched
    watched.page.close()
    blocks.close()
    own.stop_measuring()
    own.measurements.wait()
    assert watched.errors == []


def begin(page, method="zeroth-order-block", samples=8, **fields):
    """Open the dialog, choose, start."""
    if not page.locator(DIALOG).is_visible():
        page.get_by_role("button", name="Measure importance").click()
    page.locator(f"{DIALOG} input[value={method}]").check()
    for name, value in {"samples": samples, **fields}.items():
        page.locator(f"{DIALOG} input[name={name}]").fill(str(value))
    page.locator(f"{DIALOG} .primary").click()


def ended(page, state="done"):
    """Wait until the dialog tells of the end."""
    page.wait_for_selector(f"{DIALOG}[data-state={state}]", state="attached", timeout=120_000)


def chosen(page):
    """The fingerprint of the scores that the table is of."""
    return page.evaluate("window.ecoflap.state.table.knobs.scores")


def test_the_map_fills_while_it_is_measured_and_ends_as_the_command_lines_scores(scored, own, monkeypatch, tmp_path):
    page = scored.page
    before = page.locator("#strip").text_content()
    with held_after(monkeypatch, 9) as (paused, _):
        begin(page)
        paused.wait()
        page.wait_for_selector(f"{DIALOG}[data-done='9']")
        words = page.locator(f"{DIALOG} .status").text_content()
        assert f"9 of {own.measuring.total} measurements done" in words and "left" in words
        known = sum(layer is not None for layer in own.measurements.known())
        assert 0 < known < len(own.layers)
        page.wait_for_selector(f"#map canvas[data-measured='{known}'][data-view='score']")
        page.locator(f"{DIALOG} .close").click()
        assert "Measuring" in page.locator("#measure .run").text_content()
        scored.drag(70)  # nobody waits for it
        scored.confirmed(70)
    ended(page)
    page.wait_for_selector("#scores input")
    page.wait_for_function("!window.ecoflap.state.measured && window.ecoflap.state.table.knobs.scores")
    assert page.locator("#scores input").input_value().startswith("Zeroth-order, whole blocks, 8 samples, seed 0")
    scored.confirmed(70)
    assert page.locator("#strip").text_content() != before
    out = tmp_path / "scores.json"
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "anew"))
    app(["score", "--method", "zeroth-order-block", "--samples", "8", "--out", str(out)], standalone_mode=False)
    assert chosen(page) == ScoreBundle.read(out).fingerprint


def test_precision_shows_and_falls(scored, own):
    page = scored.page
    begin(page, samples=24)
    ended(page)
    page.wait_for_selector(f"{DIALOG} .precision")
    assert float(page.locator(f"{DIALOG} .precision").get_attribute("data-precision")) > 0
    assert "of the score" in page.locator(f"{DIALOG} .precision").text_content()


def test_stopping_keeps_what_is_done_and_the_next_start_goes_on(scored, own, monkeypatch):
    page = scored.page
    with held_after(monkeypatch, 7) as (paused, go):
        begin(page, samples=9)
        paused.wait()
        page.locator(f"{DIALOG} .stop").click()
        page.wait_for_selector(f"{DIALOG} .stop:disabled")
        own.measurements._stop.wait()
        go.set()
        ended(page, "stopped")
    total = own.measuring.total
    assert f"7 of {total} measurements are kept" in page.locator(f"{DIALOG} .status").text_content()
    assert len(own.bundles) == 1 and chosen(page) == ""
    page.wait_for_function("!window.ecoflap.state.measured")
    with held_after(monkeypatch, 12) as (paused, _):
        page.locator(f"{DIALOG} .primary").click()
        page.get_by_text("7 of them are from an earlier run").wait_for()
    ended(page)
    page.wait_for_function("window.ecoflap.state.table.knobs.scores")
    assert own.bundles[1].fingerprint == own.engine.score(Settings("zeroth-order-block", samples=9)).fingerprint


def test_a_start_says_what_it_costs_and_that_one_measurement_has_no_error_bar(scored, own):
    page = scored.page
    begin(page, "first-order", samples=7)
    ended(page)
    cost = page.locator(f"{DIALOG} .cost").text_content()
    assert f"At most {own.measuring.total} measurements" in cost and "no error bars" in cost
    assert "every layer is measured once" in page.locator(f"{DIALOG} .precision").text_content()
    page.locator(f"{DIALOG} .close").click()
    page.wait_for_function("window.ecoflap.state.table.knobs.scores")
    assert page.locator("#measure .chosen").text_content() == page.locator("#scores input").input_value()
    assert "is not listed" in page.locator("#allocator").text_content()
    assert "Response" not in [label.split(":")[0] for label in page.locator("#allocator label").all_text_contents()]


def test_choosing_scores_changes_the_map_and_keeps_the_selection(scored, own):
    page = scored.page
    layer = own.layers[5].name
    page.evaluate("window.ecoflap.select(5)")
    begin(page, "first-order")
    ended(page)
    page.wait_for_function("window.ecoflap.state.table.knobs.scores")
    page.locator(f"{DIALOG} .close").click()
    scores = "window.ecoflap.state.grid.layers[5].score"
    fresh = page.evaluate(scores)
    page.locator("#scores input").click()
    assert page.locator("#scores li").count() == 2
    page.locator("#scores li", has_text="came with the model").click()
    page.wait_for_function("window.ecoflap.state.table.knobs.scores === ''")
    assert page.evaluate(scores) == own.layers[5].score != fresh
    assert page.locator("#map canvas").get_attribute("data-selected") == layer
    listed = sum(allocator.lacks(own.layers) is None for allocator in ALLOCATORS)
    assert page.locator("#allocator label").count() == listed
    page.locator("#scores input").click()
    page.locator("#scores li", has_text="First-order").click()
    page.wait_for_function("window.ecoflap.state.table.knobs.scores !== ''")
    assert page.evaluate(scores) == fresh
    page.wait_for_selector("#allocator label:has-text('Response')", state="detached")
    scored.drag(60)
    scored.confirmed(60)


def test_others_are_offered_what_somebody_measured(scored, own, chromium):
    other = Watched(chromium.new_page(viewport={"width": 1440, "height": 900}), scored.url)
    begin(scored.page, "first-order", seed=5)
    ended(scored.page)
    offer = other.page.locator("#measure .use")
    offer.wait_for()
    assert chosen(other.page) == ""
    assert "First-order, 8 samples, seed 5" in offer.text_content()
    offer.click()
    other.page.wait_for_function("window.ecoflap.state.table.knobs.scores")
    offer.wait_for(state="hidden")
    assert chosen(other.page) == own.bundles[1].fingerprint
    other.page.close()
    assert other.errors == []


def test_what_is_no_number_says_so_and_begins_nothing(scored, own):
    page = scored.page
    begin(page, samples=0)
    page.locator(f"{DIALOG} .problem").wait_for()
    assert page.locator(f"{DIALOG} .problem").text_content() == "Samples: a whole number from 1 to 512."
    page.locator(f"{DIALOG} input[name=samples]").fill("8")
    page.wait_for_function(f"document.querySelector('{DIALOG} .cost').textContent.includes('measurements')")
    page.locator(f"{DIALOG} select[name=source]").select_option("other")
    page.locator(f"{DIALOG} input[name=path]").fill("/nowhere/at/all")
    page.locator(f"{DIALOG} .primary").click()
    page.get_by_text("/nowhere/at/all", exact=False).first.wait_for()
    assert own.measuring is None


def test_a_score_file_goes_in_and_out(scored, own, tmp_path):
    page = scored.page
    bundle = own.engine.score(Settings("first-order", samples=4, seed=9))
    bundle.write(tmp_path / "own.json")
    with page.expect_file_chooser() as chooser:
        page.locator("#score-file").click()
    chooser.value.set_files(tmp_path / "own.json")
    page.wait_for_function(f"window.ecoflap.state.table.knobs.scores === '{bundle.fingerprint}'")
    assert "from a file" in page.locator("#scores input").input_value()
    page.get_by_role("button", name="Measure importance").click()
    with page.expect_download() as download:
        page.locator(f"{DIALOG} .save").click()
    assert ScoreBundle.read(download.value.path()).fingerprint == bundle.fingerprint
    page.locator(f"{DIALOG} .close").click()
    (tmp_path / "other.json").write_text(json.dumps({"format": "x"}))
    with page.expect_file_chooser() as chooser:
        page.locator("#score-file").click()
    chooser.value.set_files(tmp_path / "other.json")
    page.locator(f"{DIALOG} .problem").wait_for()
    assert "is not a score bundle" in page.locator(f"{DIALOG} .problem").text_content()


def test_the_dialog_can_be_used_and_left_with_the_keyboard(scored):
    page = scored.page
    page.get_by_role("button", name="Measure importance").press("Enter")
    page.wait_for_selector(f"{DIALOG}[open]")
    page.locator(f"{DIALOG} input[type=radio]:checked").press("ArrowDown")
    assert page.locator(f"{DIALOG} input[type=radio]:checked").get_attribute("value") == "zeroth-order-block"
    page.keyboard.press("Escape")
    page.wait_for_selector(DIALOG, state="hidden")
    assert page.evaluate("document.activeElement.textContent") == "Measure importance …"


def test_a_model_without_scores_shows_its_layers_filling_and_can_be_measured_otherwise(
    chromium, t5_folder, sample_folder, monkeypatch
):
    with held_after(monkeypatch, 6) as (paused, go):
        explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder))
        paused.wait()
        blocks, url = serve(explorer)
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.wait_for_selector("#map canvas[data-measured='6']")
        assert not page.locator("#curves").is_visible()
        assert "no importance scores yet" in page.locator("#strip").text_content()
        page.get_by_role("button", name="Measure importance").click()
        page.wait_for_selector(f"{DIALOG}[data-state=running]")
        page.locator(f"{DIALOG} .stop").click()
        explorer.measurements._stop.wait()
        go.set()
        ended(page, "stopped")
    page.wait_for_selector("#status .chip.ready")
    assert "no scores yet" in page.locator("#status .chip").text_content()
    assert page.locator("#map canvas").get_attribute("data-measured") == "6"
    assert [path.suffix for path in (store.folder() / "scores").iterdir()] == [".journal"]
    begin(page, "first-order", 3)
    page.wait_for_selector(f"#map canvas[data-cells='{len(explorer.layers)}'][data-view='sparsity']")
    page.wait_for_selector("#strip .mount[data-confirmed='50']", state="attached")
    page.locator(f"{DIALOG} .close").click()
    assert page.locator("#scores").count() == 0 or not page.locator("#scores").is_visible()
    page.close()
    blocks.close()
    explorer.close()
    assert errors == []
