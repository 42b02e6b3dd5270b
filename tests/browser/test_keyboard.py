"""The keyboard alone: it reaches everything, shows where it is, gets stuck nowhere and works what it reaches."""

import json

import pytest

MOST = 250  # stops of a page: far more than there are
# Looks at where the focus is, and keeps in mind that it was there.
LOOK = """() => {
  const node = document.activeElement, box = node.getBoundingClientRect();
  if (node === document.body) return null;
  (window.reached ??= new Set()).add(node);
  const style = (one) => one && getComputedStyle(one);
  const drawn = (one) => one && one.outlineStyle !== "none" && parseFloat(one.outlineWidth) > 0;
  const outlined = drawn(style(node)) || drawn(style(node.closest("label")));
  const about = node.getAttribute("aria-label") || node.textContent.trim() || node.value || "";
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  window.stops ??= [];
  if (!window.stops.includes(node)) window.stops.push(node);
  return {
    number: window.stops.indexOf(node),
    name: `${node.closest("[id]")?.id} ${node.tagName} ${node.className} ${about.slice(0, 60)}`,
    seen: outlined && inside && box.width > 1 && box.height > 1 && node.checkVisibility({ visibilityProperty: true }),
  };
}"""
# What can be worked and was not reached; of a group that arrows walk through, one is enough.
LEFT = """() => {
  const parts = "button, a[href], input, select, textarea, summary, [tabindex='0'], canvas.chart";
  const reached = [...window.reached], group = (node) => node.closest(".plot") ?? node.parentElement;
  const walks = (node) => reached.some((one) =>
    (node.type === "radio" && one.type === "radio" && node.name && one.name === node.name) ||
    (node.tabIndex === -1 && group(one) === group(node)));
  const shown = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getBoundingClientRect().width > 0;
  return [...document.querySelectorAll(parts)]
    .filter((node) => !node.disabled && shown(node))
    .filter((node) => !window.reached.has(node) && !walks(node))
    .map((node) => node.outerHTML.slice(0, 200));
}"""


def stops(page, key: str, most: int = MOST) -> list[dict]:
    """Press a key until the page's end, or so many times; every stop of the focus, in order."""
    found = []
    for _ in range(most):
        page.keyboard.press(key)
        stop = page.evaluate(LOOK)
        if stop is None:
            break
        found.append(stop)
    return found


def to(page, selector: str) -> None:
    """Tab until the focus is on what a selector means."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab never comes to {selector}")


def focused(page, selector: str) -> bool:
    return page.evaluate("selector => document.activeElement.matches(selector)", selector)


def everything_is_reached(page) -> None:
    """Down the page and up again: nothing is left out, nothing is out of sight, and both ways are the same."""
    page.evaluate("() => { window.reached = new Set(); window.stops = []; }")
    down = stops(page, "Tab")
    assert len(down) < MOST, f"Tab does not get out of {down[-3:]}"
    assert [stop["name"] for stop in down if not stop["seen"]] == []
    assert page.evaluate(LEFT) == []
    numbers = [stop["number"] for stop in down]
    assert len(set(numbers)) == len(numbers)
    assert [stop["number"] for stop in stops(page, "Shift+Tab", len(numbers))] == numbers[::-1]


def test_tab_reaches_everything_and_shows_where_it_is(demo_page):
    page = demo_page.page
    page.wait_for_selector("#status .chip.ready")
    page.wait_for_selector("#layer .mount[data-state='seen']")
    everything_is_reached(page)


def test_the_whole_page_is_worked_by_keys(demo_page):
    page = demo_page.page
    page.wait_for_selector("#status .chip.ready")
    knobs(demo_page)
    on_the_map(page)
    model(page)
    stops(page, "Tab")  # on to the page's end, so that it begins at the top
    everything_is_reached(page)
    files(page)
    links(page)
    tour(page)


def knobs(watched) -> None:
    """The target, an allocator, a block of numbers, and back by Undo."""
    page = watched.page
    to(page, "#target input[type=range]")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    watched.shown(55)
    watched.confirmed(55)
    to(page, "#allocator input[value=uniform]")
    page.keyboard.press("Space")
    page.wait_for_function(
        "ecoflap.snapshot().allocator === 'uniform' && ecoflap.state.table.knobs.allocator === 'uniform'"
    )
    to(page, "[data-step=undo]")
    page.keyboard.press("Enter")
    page.wait_for_function("ecoflap.state.table.knobs.allocator === 'ecoflap'")
    assert focused(page, "[data-step=undo]")


def on_the_map(page) -> None:
    """A lock on the map, and the table in its place."""
    to(page, "#map canvas.chart")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("l")
    page.wait_for_selector("#headline [data-locks='1']")
    to(page, "#map [data-role=twins] button:last-child")
    page.keyboard.press("Enter")
    page.wait_for_selector("#map table")
    to(page, "#map tbody tr")
    before = page.evaluate("ecoflap.state.selected")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("before => ecoflap.state.selected !== before", arg=before)


def model(page) -> None:
    """A question of one's own, and the breaking point; the focus stays where it was."""
    to(page, "#question textarea")
    page.keyboard.press("Control+A")
    page.keyboard.type("What shape is the red object?")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answers .mount[data-state=done]")
    assert focused(page, "#question textarea")
    to(page, "#ladder [data-action=climb]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#ladder .mount[data-state=done]")
    assert focused(page, "#ladder *"), "the focus is lost"


def files(page) -> None:
    """The recipe as a file."""
    to(page, "#status .export")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.export[open][data-state=ready]")
    to(page, "dialog.export [data-take=json]")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert json.loads(waiting.value.path().read_bytes())["target"] == 0.55
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.export[open]", state="detached")
    assert focused(page, "#status .export")


def links(page) -> None:
    """The link, and the one for a class."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    to(page, "#status .link")
    page.keyboard.press("Enter")
    page.wait_for_selector("#status .bubble .done:not(:empty)")
    assert page.evaluate("navigator.clipboard.readText()") == page.evaluate("ecoflap.link()")
    to(page, "#status .bubble .toggle")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.classlink[open]")
    to(page, "dialog.classlink input[type=checkbox]")
    page.keyboard.press("Space")
    assert "hide=" in page.locator("dialog.classlink textarea").input_value()
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.classlink[open]", state="detached")
    assert focused(page, "#status .link")


def tour(page) -> None:
    """Into the tour, on, back and out."""
    card = "#tour .tour-card"
    to(page, "#status [data-act=tour]")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{card}[data-step='1']")
    assert focused(page, card)
    to(page, f"{card} [data-act=next]")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{card}[data-step='2']")
    page.keyboard.press("Shift+Tab")
    assert focused(page, f"{card} [data-act=back]")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{card}[data-step='1']")
    assert focused(page, f"{card}, {card} *"), "the focus is lost"
    page.keyboard.press("Escape")
    page.wait_for_selector(card, state="hidden")
    assert focused(page, "#status [data-act=tour]")
