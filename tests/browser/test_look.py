"""What the page looks like where it can be measured: marks and inks on the map's canvas, themes, hover, sizes."""

import pytest

from tests.browser.conftest import Watched, serve

CANVAS = "#map canvas.chart"
CAP = (213, 94, 0)
LOCKED = "vision_model.encoder.layers.0"

# A cell's pixels: how many of its border have the cap's colour, and every colour inside it. Cells are read where the
# page itself says they stand; a tooltip or a mark of the selected cell is none of them.
PIXELS = """(layer) => {
  const canvas = document.querySelector("#map canvas.chart"), { x, y, w, h } = ecoflap.mapPlace(layer);
  const scale = canvas.width / canvas.offsetWidth, box = [x, y, w, h].map((length) => Math.round(length * scale));
  const { data } = canvas.getContext("2d").getImageData(...box), colours = [];
  for (let i = 0; i < data.length; i += 4) colours.push([data[i], data[i + 1], data[i + 2]].join());
  return { colours, wide: box[2], high: box[3] };
}"""

CONTRAST = """() => {
  const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = (colour) => colour.reduce((sum, value, i) => sum + [0.2126, 0.7152, 0.0722][i] * part(value), 0);
  const names = ["sparsity", "score", "difference", "blame"];
  const shades = names.flatMap((name) => ecoflap.views[name].ramp() ?? []);
  return Math.min(...shades.map(({ fill, light: dark }) => {
    const ground = light(fill.match(/\\d+/g).map(Number));
    return dark ? (ground + 0.05) / 0.05 : 1.05 / (ground + 0.05);
  }));
}"""


def colours(page, layer: int) -> list[str]:
    return page.evaluate(PIXELS, layer)["colours"]


def outlined(page, layer: int) -> bool:
    """Whether the cell has an outline in the cap's colour: all of its four sides, but for what lies over a corner."""
    found = page.evaluate(PIXELS, layer)
    wanted = ",".join(map(str, CAP))
    return found["colours"].count(wanted) > 1.2 * (found["wide"] + found["high"])


def test_a_cell_at_the_cap_has_an_outline_and_the_others_have_none(opened):
    page = opened.page
    # Every third cell, as if the cap held it: what is drawn is looked at here, not what is decided.
    page.evaluate("ecoflap.capped = (layer) => layer % 3 === 0; ecoflap.tell()")
    said = page.evaluate("ecoflap.state.table.prunable.map((prunable, i) => prunable && ecoflap.capped(i))")
    chosen = page.evaluate("ecoflap.state.selected")
    assert True in said and False in said
    drawn = [outlined(page, layer) for layer in range(len(said))]
    said[chosen] = drawn[chosen] = None
    assert drawn == said


def test_a_locked_cell_has_a_padlock_over_its_colour(opened):
    page = opened.page
    layer = page.evaluate("name => ecoflap.layersOf(name)[1]", LOCKED)
    before = colours(page, layer)
    # Held where it is: only the mark is new.
    hold = "(i) => ecoflap.lock({ [ecoflap.state.grid.layers[i].name]: ecoflap.sparsity(i) })"
    page.evaluate(hold, layer)
    page.wait_for_selector(f"{CANVAS}[data-locked='1']")
    changed = sum(old != new for old, new in zip(before, colours(page, layer)))
    assert 40 <= changed < len(before) / 2, "no mark, or more than a padlock and the number that makes room for it"


def test_words_on_every_colour_of_the_map_can_be_read_in_both_themes(opened):
    page = opened.page
    assert page.evaluate(CONTRAST) >= 4.5
    page.get_by_role("button", name="Light / dark").click()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate(CONTRAST) >= 4.5


def test_the_theme_changes_words_panels_and_the_map(opened):
    page = opened.page
    ground = "getComputedStyle(document.querySelector('#map')).backgroundColor"
    ink = "getComputedStyle(document.querySelector('#map h2')).color"
    # The bridge is kept whole: its cells are hatched in the theme's own colours.
    whole = page.evaluate("ecoflap.state.table.prunable.findIndex((prunable) => !prunable)")
    light = [page.evaluate(ground), page.evaluate(ink), sorted(set(colours(page, whole)))]
    switch = page.get_by_role("button", name="Light / dark")
    switch.click()
    page.wait_for_function(f"{ground} === 'rgb(22, 29, 37)'")
    page.wait_for_function("document.activeElement.title === 'Light / dark'")
    dark = [page.evaluate(ground), page.evaluate(ink), sorted(set(colours(page, whole)))]
    assert light[0] == "rgb(255, 255, 255)" and all(a != b for a, b in zip(light, dark))
    switch.click()
    page.wait_for_function(f"{ground} === 'rgb(255, 255, 255)'")
    assert [page.evaluate(ground), page.evaluate(ink), sorted(set(colours(page, whole)))] == light


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_pressed_button_can_be_read_under_the_mouse(opened, theme):
    page = opened.page
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
    button = page.locator("#map [data-role=views] button", has_text="Sparsity")
    button.hover()
    colour, ground = button.evaluate("node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]")
    assert colour != ground


def test_a_ticked_box_looks_ticked(opened):
    boxes = opened.page.locator(".part input[type=checkbox]")
    looks = boxes.evaluate_all("nodes => nodes.map((node) => getComputedStyle(node).appearance)")
    assert looks and set(looks) == {"auto"}


def test_a_pattern_moves_neither_map_nor_cards(opened):
    page = opened.page
    before = page.locator("#map").bounding_box()["y"]
    for pattern in ("2:4", "4:8"):
        page.locator("#pattern label", has_text=pattern).click()
        page.wait_for_function("pattern => ecoflap.state.table.pattern === pattern", arg=pattern)
        page.wait_for_selector("#strip .mount[data-confirmed='50']", state="attached")
        assert page.locator("#map").bounding_box()["y"] == pytest.approx(before, abs=1)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_undo_redo_and_the_number_of_locks_are_always_in_sight(chromium, explorer, width, height):
    blocks, url = serve(explorer)
    page = chromium.new_page(viewport={"width": width, "height": height})
    watched = Watched(page, url)
    page.evaluate("name => ecoflap.lock({ [name]: 0.4 })", LOCKED)
    count = page.get_by_role("button", name="Locks: 1", exact=True)
    count.wait_for()
    for button in (count, *(page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))):
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
    count.click()
    box = page.locator("#history .locks li").bounding_box()
    assert 0 <= box["y"] <= height
    page.get_by_role("button", name="Undo", exact=True).click()
    page.get_by_role("button", name="Locks: 0", exact=True).wait_for()
    page.close()
    blocks.close()
    assert watched.errors == []


@pytest.fixture
def hall(chromium, explorer):
    """The page in a window as wide as a projector's."""
    blocks, url = serve(explorer)
    page = chromium.new_page(viewport={"width": 1920, "height": 1080})
    yield Watched(page, url)
    page.close()
    blocks.close()


def test_in_a_room_everything_is_larger_and_the_mouse_still_meets_what_it_points_at(hall):
    page = hall.page
    switch = page.get_by_role("button", name="Larger")
    assert switch.get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1920
    caption = page.locator("#map .caption").bounding_box()
    assert caption["y"] + caption["height"] <= 1080
    hall.drag(70)
    hall.confirmed(70)
    box = page.locator(CANVAS).bounding_box()
    own = page.locator(CANVAS).evaluate("node => node.offsetWidth")
    zoom = box["width"] / own
    assert zoom == pytest.approx(1.2, abs=0.01)
    last = page.evaluate("ecoflap.state.grid.layers.length - 1")
    cell = page.evaluate("layer => ecoflap.mapPlace(layer)", last)
    x, y = box["x"] + zoom * (cell["x"] + cell["w"] / 2), box["y"] + zoom * (cell["y"] + cell["h"] / 2)
    page.mouse.move(x, y)
    tip = page.locator("#map .tip")
    assert page.evaluate("layer => ecoflap.state.grid.layers[layer].words", last) in tip.text_content()
    assert abs(tip.bounding_box()["x"] - x) < 350
    page.mouse.click(x, y)
    page.wait_for_function("layer => ecoflap.state.selected === layer", arg=last)
    switch.click()
    page.wait_for_function("!document.documentElement.classList.contains('large')")
    assert page.locator(CANVAS).evaluate("node => node.getBoundingClientRect().width / node.offsetWidth") == 1
    assert hall.errors == []


@pytest.mark.parametrize("percent", [30, 60])
def test_figures_in_a_room_follow_mouse_and_hand(hall, percent):
    page = hall.page
    hall.drag(percent)
    hall.confirmed(percent)
    page.locator("#curves").scroll_into_view_if_needed()
    plot, line = page.locator("#curves .nsewdrag").bounding_box(), page.locator("#curves .rule").bounding_box()
    span = page.evaluate("document.querySelector('#curves .plot').layout.xaxis.range")
    place = plot["x"] + plot["width"] * (percent / 100 - span[0]) / (span[1] - span[0])
    assert line["x"] == pytest.approx(place, abs=3), "the line is not where the target is"
    height = plot["y"] + plot["height"] * (1 - percent / 102)  # near the thick lines, which surround the diagonal
    page.mouse.move(place, height)
    page.mouse.move(place + 1, height)
    page.wait_for_selector("#curves .hoverlayer .hovertext")
    hovered = page.evaluate("document.querySelector('#curves .plot')._hoverdata.map(({ x }) => x)")
    assert hovered and all(x == pytest.approx(percent / 100, abs=0.06) for x in hovered)
