"""A model that is scored only after the page has opened."""

import pytest

from ecoflap.types import Layer, Recipe, ScoreBundle
from tests.browser.conftest import serve
from tests.ui.fakes import FakeExplorer, small_bundle


def test_the_page_says_what_it_waits_for_and_fills_when_the_scores_are_there(chromium):
    explorer = FakeExplorer(loaded=False)
    explorer.bundle = None
    blocks, url = serve(explorer)
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    page.wait_for_selector("#strip .waiting")
    assert "no importance scores yet" in page.locator("#strip .waiting").text_content()
    for part in ("#strip .problem", "#skyline", "#curves", "#figures h2", "#map-row"):
        assert not page.locator(part).first.is_visible(), part
    assert page.locator("#map canvas").get_attribute("data-cells") in (None, "0")
    explorer.bundle = small_bundle()
    explorer.loaded.set()
    page.wait_for_selector(f"#map canvas[data-cells='{len(explorer.bundle.layers)}']")
    page.wait_for_selector("#skyline .js-plotly-plot .main-svg")
    width = "document.querySelector('#skyline .main-svg').clientWidth / document.querySelector('#skyline').clientWidth"
    assert page.evaluate(width) > 0.9, "a figure that was hidden is drawn too narrow"
    page.wait_for_selector("#strip .mount[data-confirmed='50']", state="attached")
    assert f"of {explorer.allocate(Recipe()).total:,} prunable" in page.locator("#strip").text_content()
    page.close()
    blocks.close()
    assert errors == []


def test_a_model_that_failed_says_so_in_the_colours_of_an_error(chromium):
    explorer = FakeExplorer(loaded=False)
    explorer.bundle = None
    explorer.failure = "The model fake cannot be read."
    blocks, url = serve(explorer)
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.wait_for_selector("#strip .problem")
    assert not page.locator("#figures").is_visible()
    chip = page.locator("#status .chip.error").bounding_box()
    assert chip["x"] + chip["width"] <= 1440 - 16
    page.close()
    blocks.close()


@pytest.mark.parametrize(
    ("score", "stderr", "words"),
    [(3.2e-5, 1.25e-6, "3.20e-5 ± 1.3e-6"), (0.0, 0.0, "0 ± 0"), (0.0612, 0.0046, "0.0612 ± 0.0046")],
)
def test_scores_of_any_size_have_their_significant_digits(chromium, score, stderr, words):
    layer = Layer("a.0.b", "a.0", "language", 8, 4, score, stderr)
    blocks, url = serve(FakeExplorer(ScoreBundle("small", "zeroth-order", (layer,))))
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.get_by_text(words, exact=True).wait_for(state="visible")
    page.close()
    blocks.close()
