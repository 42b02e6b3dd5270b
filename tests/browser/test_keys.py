"""The keyboard on the map, and what a screen reader hears."""

import pytest

CANVAS = "#map canvas.chart"


@pytest.fixture
def keys(opened):
    """The page with the focus on its map."""
    opened.page.locator(CANVAS).focus()
    return opened


def selected(page) -> str:
    return page.locator(CANVAS).get_attribute("data-selected")


def voice(page) -> str:
    return page.locator("#map .voice[aria-live=polite]").text_content()


def test_the_map_is_one_stop_with_a_name_and_a_description(keys):
    canvas = keys.page.locator(CANVAS)
    assert canvas.get_attribute("tabindex") == "0"
    assert "one cell per weight matrix" in canvas.get_attribute("aria-label")
    words = [keys.page.locator(f"#{name}").text_content() for name in canvas.get_attribute("aria-describedby").split()]
    assert "Arrow keys" in words[0] and "Left to right" in words[1]


def test_arrows_and_ends_walk_and_the_voice_says_where(keys):
    page = keys.page
    page.keyboard.press("Home")
    first = selected(page)
    page.keyboard.press("ArrowRight")
    assert selected(page) != first
    words = page.evaluate("ecoflap.state.grid.layers[ecoflap.state.selected].words")
    assert voice(page).startswith(words) and "Sparsity: " in voice(page)
    page.keyboard.press("End")
    assert selected(page) != first
    page.keyboard.press("Home")
    assert selected(page) == first
    assert page.locator("#map .tip").is_visible()


def test_l_locks_the_matrix_and_frees_it_again(keys):
    page = keys.page
    name = selected(page)
    before = page.evaluate("ecoflap.sparsity(ecoflap.state.selected)")
    page.keyboard.press("l")
    page.wait_for_selector(f"{CANVAS}[data-locked='1']")
    assert page.evaluate("ecoflap.state.table.knobs.overrides") == {name: pytest.approx(before, abs=0.0006)}
    # What Python confirms is said too: it may come later than an arrow.
    page.wait_for_function("document.querySelector('#map .voice[aria-live]').textContent.includes('Locked: 1')")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert selected(page) != name or "locked" in voice(page)
    page.evaluate("(name) => ecoflap.select(ecoflap.state.grid.layers.findIndex((l) => l.name === name))", name)
    page.keyboard.press("L")
    page.wait_for_selector(f"{CANVAS}[data-locked='0']")


def test_shift_l_locks_the_whole_block(keys):
    page = keys.page
    block, size = page.evaluate(
        """() => {
          const { grid, selected } = ecoflap.state, block = grid.layers[selected].block;
          return [block, grid.layers.filter((layer) => layer.block === block).length];
        }"""
    )
    page.keyboard.press("Shift+L")
    page.wait_for_selector(f"{CANVAS}[data-locked='{size}']")
    assert list(page.evaluate("ecoflap.state.table.knobs.overrides")) == [block]


def test_c_pins_first_and_then_switches_the_view(keys):
    page = keys.page
    page.keyboard.press("c")
    page.wait_for_function("ecoflap.state.pinned !== null")
    assert page.locator(CANVAS).get_attribute("data-view") == "sparsity"
    page.keyboard.press("c")
    page.wait_for_selector(f"{CANVAS}[data-view=difference]")
    page.keyboard.press("c")
    page.wait_for_selector(f"{CANVAS}[data-view=sparsity]")


def test_question_mark_lists_the_keys_and_gives_the_focus_back(keys):
    page = keys.page
    page.keyboard.press("?")
    dialog = page.locator("dialog.keys")
    dialog.wait_for(state="visible")
    assert "Play or pause" in dialog.text_content()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.classList.contains('chart')")
    page.locator("#map .round").click()
    dialog.wait_for(state="visible")
    page.get_by_role("button", name="Close", exact=True).locator("visible=true").click()
    dialog.wait_for(state="hidden")


def test_the_voice_speaks_of_commits_and_not_of_moves(keys):
    page = keys.page
    assert voice(page) == "", "nothing has changed yet"
    keys.drag(70, release=False)
    percent = keys.target()
    keys.shown(percent)
    assert voice(page) == ""
    page.mouse.up()
    page.wait_for_function("document.querySelector('#map .voice[aria-live]').textContent.startsWith('Target')")
    words = voice(page)
    assert f"Target {percent}%, achieved {percent}" in words
    assert "Vision" in words and "Bridge kept whole" in words and "At the cap: " in words and "Locked: 0" in words


def test_keys_in_a_text_field_are_text(keys):
    page = keys.page
    page.keyboard.press("s")
    page.wait_for_selector("#map .twin", state="visible")
    page.locator("#map .twin input").fill("")
    page.keyboard.type("lc s?")
    assert page.locator("#map .twin input").input_value() == "lc s?"
    assert page.locator("#map .twin").is_visible()
    assert page.evaluate("ecoflap.state.pinned") is None
