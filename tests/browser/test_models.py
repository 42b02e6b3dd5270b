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
    watched, new = switchable
    begin(watched)
    cells = watched.page.locator("#map canvas").get_attribute("data-cells")
    new.holds = True
    cancel = watched.page.locator("dialog.models").get_by_role("button", name="Cancel")
    cancel.click()
    assert watched.page.locator("dialog.models .note").text_content() == "Cancelling …"
    assert cancel.is_disabled()
    new.loaded.set()
    watched.page.wait_for_selector("dialog.models .problem:not([hidden])")
    assert "cancelled" in watched.page.locator("dialog.models .problem").text_content()
    assert watched.page.locator("#map canvas").get_attribute("data-cells") == cells


def test_the_dialog_can_be_left_with_the_keyboard(switchable):
    watched, _ = switchable
    watched.page.get_by_role("button", name="Change model").press("Enter")
    watched.page.wait_for_selector("dialog.models[open]")
    assert watched.page.locator("dialog.models input[type=radio]:checked").get_attribute("value") == "demo"
    shown = "In the model shown now: Towers were found."
    assert watched.page.locator("dialog.models .found").text_content() == shown
    assert focused(watched) == "demo"
    watched.page.keyboard.press("Escape")
    watched.page.wait_for_selector("dialog.models", state="hidden")
    assert focused(watched) == "Change model"


def focused(watched):
    """The value, name or words of what the keyboard is at."""
    words = "({value, name, textContent}) => value || name || textContent"
    return watched.page.evaluate(f"({words})(document.activeElement)")


def test_enter_opens_and_success_empties_the_fields(switchable):
    watched, new = switchable
    page = watched.page
    page.get_by_role("button", name="Change model").click()
    page.locator("dialog.models input[name=other]").fill("other/model")
    page.locator("dialog.models input[name=samples]").fill("my-samples")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.models .note:not(:empty)")
    new.loaded.set()
    page.wait_for_selector("dialog.models", state="hidden")
    page.wait_for_selector("#map canvas[data-cells='1']")
    assert focused(watched) == "Change model"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.models[open]")
    assert focused(watched) == "other/model"
    for name in ("other", "samples"):
        assert page.locator(f"dialog.models input[name={name}]").input_value() == ""


def test_the_list_calls_the_demo_what_the_head_calls_it(switchable):
    watched, _ = switchable
    watched.page.get_by_role("button", name="Change model").click()
    first = watched.page.locator("dialog.models .choice .name").first
    assert first.text_content() == "Embedded demo model (BLIP-2 architecture)"


def refused(watched):
    """Ask for what is nowhere, and the sentence that says so."""
    watched.page.locator("dialog.models input[name=other]").fill("no such model")
    watched.page.keyboard.press("Enter")
    error = watched.page.locator("dialog.models .problem")
    error.wait_for(state="visible")
    return error.text_content()


def test_an_error_is_told_to_who_asked_every_time_and_not_again_later(chromium):
    explorer = FakeExplorer(spec="demo")
    blocks = build(explorer)
    blocks.launch(prevent_thread_lock=True, **launch_options())
    mine, other = (Watched(chromium.new_page(), blocks.local_url) for _ in range(2))
    mine.page.get_by_role("button", name="Change model").click()
    error = mine.page.locator("dialog.models .problem")
    assert refused(mine) == refused(mine)
    mine.page.keyboard.press("Escape")
    for page in (mine.page, other.page):
        page.get_by_role("button", name="Change model").click()
        page.wait_for_selector("dialog.models[open]")
        assert not page.locator("dialog.models .problem").is_visible()
    assert "neither a folder nor a hub id" in refused(other)
    assert not error.is_visible()
    mine.page.close(), other.page.close()
    blocks.close()


def test_strangers_choose_from_the_list_and_name_nothing(chromium):
    blocks = build(FakeExplorer(spec="demo"), free=False)
    blocks.launch(prevent_thread_lock=True, **launch_options())
    watched = Watched(chromium.new_page(), blocks.local_url)
    watched.page.get_by_role("button", name="Change model").click()
    watched.page.wait_for_selector("dialog.models[open]")
    assert watched.page.locator("dialog.models .choice").first.is_visible()
    assert watched.page.locator("dialog.models .field:visible").count() == 0
    watched.page.close()
    blocks.close()
