"""A model that is scored only after the page has opened."""

from ecoflap.types import Recipe
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
    page.wait_for_selector("#strip .problem")
    assert "no importance scores yet" in page.locator("#strip .problem").text_content()
    assert page.locator("#map canvas").get_attribute("data-cells") is None
    explorer.bundle = small_bundle()
    explorer.loaded.set()
    page.wait_for_selector(f"#map canvas[data-cells='{len(explorer.bundle.layers)}']")
    page.wait_for_selector("#skyline .js-plotly-plot .main-svg")
    page.wait_for_selector("#strip .mount[data-confirmed='50']", state="attached")
    assert f"of {explorer.allocate(Recipe()).total:,} prunable" in page.locator("#strip").text_content()
    page.close()
    blocks.close()
    assert errors == []
