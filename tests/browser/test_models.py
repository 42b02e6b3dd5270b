"""Changing the model from the page, in real Chromium."""

import pytest

from ecoflap.ui import build, launch_options
from tests.browser.conftest import Watched
from tests.ui.fakes import FakeExplorer
from tests.ui.test_changing import OTHER


@pytest.fixture
def switchable(chromium):
    """The page, and the model that opens next, which is loading."""
    new = FakeExplorer(OTHER, is_demo=False, spec="other/model", loaded=False)
    blocks = build(FakeExplorer(spec="demo"), make=lambda *_, **__: new, room_for=lambda *_: True)
    blocks.launch(prevent_thread_lock=True, **launch_options())
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    watched = Watched(page, blocks.local_url)
    yield watched, new
    page.close()
    blocks.close()
    assert watched.errors == []


def begin(watched):
    """Open the dialog, name the other model, start."""
    watched.page.get_by_role("button", name="Change model").click()
    watched.page.locator("dialog.models input[name=other]").fill("other/model")
    watched.page.locator("dialog.models .primary").click()
    watched.page.wait_for_selector("dialog.models .note:not(:empty)")


def test_another_model_replaces_map_figures_and_name(switchable):
    watched, new = switchable
    begin(watched)
    assert watched.page.locator("dialog.models .primary").is_disabled()
    cells = watched.page.locator("#map canvas").get_attribute("data-cells")
    assert int(cells) > 1  # the old model is still there
    new.loaded.set()
    watched.page.wait_for_selector("#map canvas[data-cells='1']")
    watched.page.wait_for_selector("dialog.models", state="hidden")
    assert watched.page.locator("#status .model").text_content() == new.name
    watched.confirmed(50)
    assert "of 32 prunable" in watched.page.locator("#strip").text_content()
    assert "Never pruned: embeddings" in watched.page.locator("#strip").text_content()
    watched.drag(70)
    watched.confirmed(70)


def test_cancelling_keeps_the_old_model_and_says_so(switchable):
    watched, _ = switchable
    begin(watched)
    cells = watched.page.locator("#map canvas").get_attribute("data-cells")
    watched.page.locator("dialog.models").get_by_role("button", name="Cancel").click()
    watched.page.wait_for_selector("dialog.models .problem:not([hidden])")
    assert "cancelled" in watched.page.locator("dialog.models .problem").text_content()
    assert watched.page.locator("#map canvas").get_attribute("data-cells") == cells


def test_the_dialog_can_be_left_with_the_keyboard(switchable):
    watched, _ = switchable
    watched.page.get_by_role("button", name="Change model").press("Enter")
    watched.page.wait_for_selector("dialog.models[open]")
    assert watched.page.locator("dialog.models input[type=radio]:checked").get_attribute("value") == "demo"
    assert watched.page.locator("dialog.models .found").text_content() == "Towers were found."
    watched.page.keyboard.press("Escape")
    watched.page.wait_for_selector("dialog.models", state="hidden")
