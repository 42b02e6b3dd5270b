"""The rail where its content is higher than the window: one column that scrolls."""

import pytest

from tests.browser.conftest import Watched, serve


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1440, 900), (390, 844)])
def test_every_knob_can_be_reached_in_one_column(chromium, explorer, width, height):
    blocks, url = serve(explorer)
    page = chromium.new_page(viewport={"width": width, "height": height})
    watched = Watched(page, url)
    if width < 820:
        page.get_by_role("button", name="Settings").click()
    page.locator("#pattern label", has_text="2:4").click()
    page.wait_for_selector("#pattern-note", state="visible")
    rail = page.locator("#rail")
    assert width < 820 or rail.evaluate("rail => rail.scrollHeight > rail.clientHeight"), "there is nothing to scroll"
    assert rail.evaluate("rail => rail.scrollWidth <= rail.clientWidth")
    page.locator("#reset").scroll_into_view_if_needed()
    assert width < 820 or page.evaluate("scrollY") == 0, "the page had to move under the rail"
    box = page.locator("#reset").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert box["y"] >= 0 and box["y"] + box["height"] <= height
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector("#pattern-note", state="hidden")
    page.close()
    blocks.close()
    assert watched.errors == []
