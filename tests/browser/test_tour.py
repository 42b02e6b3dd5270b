"""The tour in Chromium: eight steps, each completed by doing it with real gestures, in whatever language."""

import pytest

from tests.browser.conftest import watching

CARD = "#tour .tour-card"


@pytest.fixture(params=["", "zh"], ids=["en", "zh"])
def in_language(request, chromium, demo):
    """The page over the embedded model, in every language."""
    yield from watching(chromium, demo, request.param)


def at(page, step, done):
    """Wait for a step, done or not."""
    page.wait_for_selector(f"{CARD}[data-step='{step}'][data-done='{str(done).lower()}']")


def words(page):
    return page.locator(f"{CARD} .text").text_content()


def on(page, step):
    """Go on from a step that is done to the next one, which is not."""
    at(page, step, True)
    assert page.locator(f"{CARD} [data-act=next]").get_attribute("class") == "primary"
    page.click(f"{CARD} [data-act=next]")
    at(page, step + 1, False)
    assert page.locator(f"{CARD} [data-act=next]").get_attribute("class") == "toggle"


def cells(page, *layers):
    """Where layers are on the screen; the map is brought there first."""
    page.locator("#map canvas").scroll_into_view_if_needed()
    box = page.locator("#map canvas").bounding_box()
    places = page.evaluate("layers => layers.map((layer) => ecoflap.mapPlace(layer))", list(layers))
    return [(box["x"] + r["x"] + r["w"] / 2, box["y"] + r["y"] + r["h"] / 2) for r in places]


def choose(page, knob, value):
    page.locator(f"#{knob} input[value='{value}']").dispatch_event("click")


def test_the_whole_tour_by_doing(in_language):
    watched, page = in_language, in_language.page
    page.wait_for_selector("#status .chip.ready")
    page.click("#status [data-act=tour]")
    at(page, 1, False)
    page.click("#ask")
    at(page, 1, True)
    answer = page.evaluate("ecoflap.state.answers.dense")
    assert answer and answer in words(page)

    on(page, 1)
    choose(page, "allocator", "uniform")
    at(page, 2, True)
    assert "50.0%" in words(page)

    on(page, 2)
    for x, y in cells(page, 0, 1, 2):
        page.mouse.move(x, y, steps=2)
    at(page, 3, True)

    on(page, 3)
    choose(page, "allocator", "ecoflap")
    at(page, 4, True)
    for part in page.evaluate("ecoflap.state.table.modalities.filter((part) => part.prunable)"):
        assert f"{100 * part['kept'][50] / part['size']:.1f}%" in words(page)

    on(page, 4)  # the most spared one was selected, so the tour selected the opposite
    spared = page.evaluate(
        "(() => { const by = ecoflap.state.grid.layers.map((_, i) => i).filter((i) => ecoflap.state.table.prunable[i]);"
        " return by.reduce((a, b) => (ecoflap.sparsity(b) < ecoflap.sparsity(a) ? b : a)); })()"
    )
    assert page.evaluate("ecoflap.state.selected") != spared
    page.mouse.click(*cells(page, spared)[0])
    at(page, 5, True)
    assert page.evaluate("ecoflap.share(ecoflap.sparsity(ecoflap.state.selected))") in words(page)

    on(page, 5)
    before = page.evaluate("ecoflap.state.table.capped[50]")
    margin = page.locator("#margin input[type=range]")
    margin.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    at(page, 6, True)
    assert page.evaluate("ecoflap.state.table.capped[50]") > before

    on(page, 6)
    page.click(f"{CARD} [data-act=offer]")  # the cap that was tightened leaves nobody who could pay
    page.wait_for_selector(f"{CARD} [data-act=offer]", state="hidden")
    page.locator("#history [data-lock]").first.click()
    at(page, 7, True)

    on(page, 7)
    page.click(f"{CARD} [data-act=offer]")  # everything back, so that every step of the ladder is possible
    page.wait_for_selector(f"{CARD} [data-act=offer]", state="hidden")
    page.click("#ladder [data-action=climb]")
    at(page, 8, True)
    wrong = page.locator("#ladder .strip").get_attribute("data-wrong")
    assert f"{wrong}%" in words(page)
    assert page.evaluate("ecoflap.state.tour") == 8
    page.click(f"{CARD} [data-act=next]")
    page.wait_for_selector(CARD, state="hidden")
    assert page.evaluate("ecoflap.tour.step()") is None
    assert watched.errors == []


def go(page, step):
    page.evaluate("step => ecoflap.tour.go(step)", step)


def knobs(page, **values):
    """Set knobs as other parts of the page do, and wait for their table."""
    page.evaluate("values => ecoflap.restore({...ecoflap.snapshot(), ...values})", values)
    page.wait_for_function(
        "values => Object.entries(values).every(([name, value]) => ecoflap.snapshot()[name] === value)", arg=values
    )


def test_a_step_is_entered_directly_and_the_page_stays_usable(opened):
    page = opened.page
    for nothing in (0, 9, 2.5, "3", None):
        go(page, nothing)
    assert page.evaluate("[ecoflap.tour.step(), ecoflap.state.tour]") == [None, None]
    page.evaluate("ecoflap.on(document.body, (state) => (window.told = state.tour))")
    go(page, 3)
    at(page, 3, False)
    assert page.evaluate("window.told") == 3
    assert page.evaluate("document.activeElement === document.querySelector('#tour .tour-card')")
    page.locator("#map canvas").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    at(page, 3, True)
    assert page.evaluate("document.activeElement.matches('#map canvas')"), "the card took the focus"
    page.keyboard.press("Escape")
    page.wait_for_selector(CARD, state="hidden")
    assert page.evaluate("[window.told, ecoflap.tour.step()]") == [None, None]
    go(page, 3)
    at(page, 3, False)  # it remembers nothing of the time before


def test_what_cannot_be_done_says_why_and_lets_one_go_on(opened):
    page = opened.page
    knobs(page, pattern="2:4")
    go(page, 2)
    page.wait_for_selector(f"{CARD}[data-blocked=true]")
    assert "2:4" in words(page)
    assert page.locator(f"{CARD} [data-act=next]").get_attribute("class") == "primary"
    knobs(page, pattern="unstructured", allocator="uniform")
    at(page, 2, True)
    go(page, 5)
    page.wait_for_selector(f"{CARD}[data-step='5'][data-blocked=true]")  # all matrices have the same sparsity
    knobs(page, allocator="ecoflap")
    page.wait_for_selector(f"{CARD}[data-step='5'][data-blocked=false]")
    assert page.locator(CARD).get_attribute("data-done") == "false"


def test_it_is_offered_once_and_leaves_nothing_behind(opened):
    page = opened.page
    assert page.locator("#status .tour.offer").count() == 1
    count = "document.querySelectorAll('#tour *').length"
    page.click("#status [data-act=tour]")
    page.wait_for_selector(CARD)
    before = page.evaluate(count)
    for step in (*range(2, 9), 1):
        go(page, step)
        page.wait_for_selector(f"{CARD}[data-step='{step}']")
    assert page.evaluate(count) == before
    page.click("#status [data-act=tour]")
    page.wait_for_selector(CARD, state="hidden")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('ecoflap'))") == ["ecoflap-tour"]
    page.reload()
    page.wait_for_selector("#status [data-act=tour]")
    assert page.locator("#status .tour.offer").count() == 0


def test_on_a_phone_the_settings_open_and_the_card_hides_nothing_of_the_step(opened):
    page = opened.page
    page.set_viewport_size({"width": 390, "height": 844})
    for step, target in ((7, "#history .modalities"), (3, "#map"), (2, "#allocator")):
        go(page, step)
        page.wait_for_function(
            "target => { const box = document.querySelector(target).getBoundingClientRect();"
            " const card = document.querySelector('#tour .tour-card').getBoundingClientRect();"
            " return box.height > 0 && box.top >= -1 && Math.min(box.bottom, box.top + 200) <= card.top; }",
            arg=target,
        )
