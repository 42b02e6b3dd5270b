"""The map's twin: a real table with the same selection."""

import pytest

CANVAS = "#map canvas.chart"
ROWS = "#map .twin tbody tr"


@pytest.fixture
def table(opened):
    """The page with the table shown."""
    opened.page.get_by_role("button", name="Table", exact=True).click()
    opened.page.wait_for_selector("#map .twin[data-found]")
    return opened


def column(page, name: str) -> list[str]:
    return page.locator(f"{ROWS}:not([hidden]) [data-column={name}]").all_text_contents()


def current(page) -> str:
    return page.locator(f"{ROWS}[aria-current=true]").get_attribute("aria-label")


def percents(page) -> list[float]:
    return [float(text.rstrip("%")) for text in column(page, "sparsity")]


def test_every_matrix_is_a_row_in_words(table):
    page = table.page
    count = int(page.locator(CANVAS).get_attribute("data-cells"))
    assert page.locator(ROWS).count() == count
    assert page.locator(CANVAS).is_hidden()
    first = page.locator(ROWS).first
    assert first.get_attribute("aria-label") == "Vision, block 1: attention, query+key+value"
    assert first.locator("th[scope=row]").text_content() == "attention, query+key+value"
    assert first.locator("[data-column=shape]").text_content() == "24 × 32"
    assert "±" in first.locator("[data-column=score]").text_content()
    assert "kept whole" in column(page, "state")


def test_headings_sort_both_ways(table):
    page = table.page
    heading = page.locator("#map .twin th[data-column=sparsity]")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert percents(page) == sorted(percents(page))
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert percents(page) == sorted(percents(page), reverse=True)
    assert page.locator("#map .twin th[aria-sort]").count() == 1


def test_the_selection_is_the_maps_and_the_other_way_round(table):
    page = table.page
    words = "ecoflap.state.grid.layers[ecoflap.state.selected].words"
    assert current(page) == page.evaluate(words)
    page.locator(ROWS).nth(3).click()
    assert page.locator(CANVAS).get_attribute("data-selected") == page.evaluate("ecoflap.state.grid.layers[3].name")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("ecoflap.state.selected") == 4
    page.keyboard.press("End")
    last = page.locator(f"{ROWS}[aria-current=true]")
    assert last.evaluate("row => row === document.activeElement && !row.nextElementSibling")
    page.keyboard.press("s")
    assert page.locator(CANVAS).is_visible()
    page.evaluate("ecoflap.select(0)")
    page.keyboard.press("s")
    assert current(page) == page.evaluate(words)
    assert page.evaluate("document.activeElement.matches('tr[aria-current=true]')")


def test_find_leaves_what_has_all_the_words(table):
    page = table.page
    page.locator("#map .twin input").fill("vision feed-forward")
    page.wait_for_selector("#map .twin[data-found='4']")
    assert column(page, "modality") == ["Vision"] * 4
    assert page.locator("#map .twin output").text_content().startswith("4 of")
    page.locator("#map .twin input").fill("no such thing")
    page.wait_for_selector("#map .twin[data-found='0']")
    page.locator("#map .twin input").fill("")
    page.wait_for_selector(f"#map .twin[data-found='{page.locator(ROWS).count()}']")


def test_figures_follow_when_the_hand_has_rested_and_when_it_is_shown_again(table):
    page = table.page
    before = percents(page)
    table.drag(70)
    page.wait_for_selector(f"#map .twin[data-shown='{table.target()}']")
    after = percents(page)
    assert all(b >= a for a, b in zip(before, after)) and after != before
    page.get_by_role("button", name="Map", exact=True).click()
    table.drag(20)
    table.shown(table.target())
    page.get_by_role("button", name="Table", exact=True).click()
    assert sum(percents(page)) < sum(before)


def test_a_pinned_recipe_adds_its_sparsity_and_the_change(table):
    page = table.page
    assert page.locator("#map .twin th[data-column=change]").is_hidden()
    page.evaluate("ecoflap.pin()")
    page.wait_for_selector("#map .twin th[data-column=change]", state="visible")
    assert column(page, "before") == column(page, "sparsity")
    assert set(column(page, "change")) == {"+0.0"}


def test_a_pinned_recipes_columns_are_all_in_sight(table):
    page = table.page
    assert page.locator("#map .twin th[data-column=shape]").is_visible()
    page.evaluate("ecoflap.pin()")
    page.wait_for_selector("#map .twin th[data-column=change]", state="visible")
    assert page.locator("#map .twin th[data-column=shape]").is_hidden()
    assert page.locator("#map .scroller").evaluate("(node) => node.scrollWidth <= node.clientWidth")
    page.wait_for_selector("#map .twin[data-more=false]")


def test_on_a_phone_matrix_and_sparsity_come_first_and_the_matrix_stays(table):
    page = table.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_selector("#map .twin th:nth-child(2)[data-column=sparsity]")
    scroller = page.locator("#map .scroller")
    box = scroller.bounding_box()
    cell = page.locator(f"{ROWS}[aria-current] [data-column=sparsity]").bounding_box()
    assert cell["x"] + cell["width"] <= box["x"] + box["width"] - 40
    page.evaluate("ecoflap.pin()")
    page.wait_for_selector("#map .twin th[data-column=change]", state="visible")
    cell = page.locator(f"{ROWS}[aria-current] [data-column=change]").bounding_box()
    assert cell["x"] + cell["width"] <= box["x"] + box["width"] - 40
    page.wait_for_selector("#map .twin[data-more=true]")
    scroller.evaluate("(node) => node.scrollTo(9999, node.scrollTop)")
    page.wait_for_selector("#map .twin[data-more=false]")
    assert page.locator(f"{ROWS}[aria-current] th").bounding_box()["x"] == pytest.approx(box["x"], abs=2)
    page.locator("#map .twin th[data-column=kept] button").click()
    assert page.locator("#map .twin th[data-column=kept]").get_attribute("aria-sort") == "ascending"
