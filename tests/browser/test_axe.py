"""What axe-core finds: nothing serious, in every state that a person brings the page into."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from ecoflap.scores_only import ScoresOnly
from tests.browser.conftest import watching
from tests.ui.fakes import small_bundle

BAD = ("serious", "critical")


def violations(page) -> list[str]:
    """Serious findings, each with the first place it is about."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in BAD]


@pytest.mark.parametrize(("dark", "width", "height"), [(False, 1440, 900), (True, 390, 844)])
def test_nothing_serious_is_found_from_the_start_to_a_full_page(demo_page, dark, width, height):
    page = demo_page.page
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    page.wait_for_selector("#status .chip.ready")
    assert violations(page) == []
    page.locator("#question textarea").fill("What shape is the red object?")
    page.click("#ask")
    page.wait_for_selector("#answers .mount[data-state=done]")
    page.click("#ladder [data-action=climb]")
    page.wait_for_selector("#ladder .mount[data-state=done]")
    page.evaluate("ecoflap.pin(); ecoflap.restore({ ...ecoflap.snapshot(), percent: 70, overrides: { vision: 0.6 } })")
    page.wait_for_selector("#answers .mount[data-stale=true]")
    page.wait_for_selector("#history .locks[data-count='1']", state="attached")
    page.evaluate("ecoflap.twin('table'); document.querySelectorAll('details').forEach((node) => (node.open = true))")
    page.wait_for_selector("#compare .mount[data-state=pinned] .line")
    # What is dimmed for a moment, until the weights are looked at anew, is read when that is over.
    page.wait_for_selector("#layer:not(:has([data-state=stale]))")
    page.wait_for_function("document.querySelector('#layer').getAnimations({ subtree: true }).length === 0")
    assert violations(page) == []


@pytest.fixture(params=["", "zh"], ids=["en", "zh"])
def in_language(request, chromium, explorer):
    """The page without a model, in every language."""
    yield from watching(chromium, explorer, request.param)


def test_nothing_serious_is_found_in_any_dialog_and_on_the_tour(in_language):
    page = in_language.page
    for way in (
        ["#status .change"],
        ["#map .round"],
        ["#status .export"],
        ["#status .link", "#status .bubble .toggle"],
    ):
        for button in way:
            page.click(button)
        page.wait_for_selector("dialog[open]")
        assert violations(page) == [], way
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")
    page.click("#status [data-act=tour]")
    page.wait_for_selector("#tour .tour-card")
    assert violations(page) == []


@pytest.fixture
def scores_alone(chromium, tmp_path):
    """The page over importance scores without a model."""
    small_bundle().write(tmp_path / "scores.json")
    yield from watching(chromium, ScoresOnly(tmp_path / "scores.json"))


def test_nothing_serious_is_found_where_there_are_scores_alone(scores_alone):
    page = scores_alone.page
    page.wait_for_selector("#status .chip.scores")
    page.evaluate("ecoflap.twin('table'); document.querySelectorAll('details').forEach((node) => (node.open = true))")
    page.wait_for_selector("#map table")
    assert violations(page) == []
