"""The link: the whole state in the address, there and back, and copied at any moment."""

from collections.abc import Iterator

import pytest

from tests.browser.linking import (
    BLOCK,
    ODD,
    STATE,
    Opener,
    in_address,
    link,
    notes,
    opening,
    query,
    restored,
    two_scored,
)
from tests.ui.fakes import FakeExplorer

QUESTION = "图中有什么？ 1+1=2 & #5 100%"


@pytest.fixture
def shared() -> FakeExplorer:
    """What everybody looks at."""
    return two_scored()


@pytest.fixture
def opener(chromium, shared) -> Iterator[Opener]:
    """Opens the page with a query in a browser of its own."""
    yield from opening(chromium, shared)


def test_everything_comes_back_in_another_browser_and_nothing_is_asked(opener, shared):
    first = opener("").page
    other = shared.added[0].fingerprint
    common = {"granularity": "layer", "bridge": True, "scores": other, "cap_mode": "fixed", "cap": 85, "margin": 20}
    restored(first, percent=70, allocator="uniform", overrides={ODD: 0.1 + 0.2}, **common)
    first.evaluate("window.ecoflap.pin()")
    restored(first, percent=38, allocator="ecoflap", overrides={BLOCK: 0.45, ODD: 1 / 3, "language": 0.4}, **common)
    first.evaluate("name => ecoflap.select(ecoflap.state.grid.layers.findIndex((one) => one.name === name))", ODD)
    first.evaluate("ecoflap.show('difference'); ecoflap.twin('table')")
    first.locator("#new-scene").click()
    first.wait_for_function("() => 'seed' in window.ecoflap.state.scene")
    first.locator("#question textarea, #question input").fill(QUESTION)
    first.evaluate("window.ecoflap.tour.go(3)")
    before = first.evaluate(STATE)
    address = first.evaluate("window.ecoflap.link(['cap', 'undo'])")

    second = opener(address)
    page = second.page
    assert page.evaluate(STATE) == before | {"hidden": ["cap", "undo"]}
    assert before["now"]["overrides"][ODD] == 1 / 3 and before["pinned"]["scores"] == other
    assert notes(page) == [
        "Some controls are hidden by this link.",
        "The picture and the question of this link are ready. Nothing is asked by itself: press Ask for the answers.",
    ]
    page.wait_for_selector("#history .mount[data-steps='0/0']", state="attached")
    second.confirmed(38)
    assert link(page) == address, "the link of what a link brought is another one"
    in_address(page, "tour=3")
    assert page.url == address
    assert shared.calls["ask"] == 0, "a link has run the model"
    page.evaluate("window.ecoflap.tour.end()")
    page.locator("#ask").click()
    page.wait_for_selector("#answers .mount[data-state=done]")
    assert shared.questions[-1][1:] == (QUESTION, 0.38)
    assert page.locator("#answers .card").count() == 3, "A is not asked: Python does not know what is pinned"


def test_a_plain_page_has_a_plain_address_and_so_has_one_set_back(opener):
    watched = opener("")
    page = watched.page
    assert link(page) == watched.url and "?" not in page.url
    watched.drag(60)
    in_address(page, "target=60")
    assert query(page.url).keys() == {"model", "scores", "target"}
    page.locator("#reset").click()
    page.wait_for_function("() => location.search === ''")
    assert page.url == watched.url


def test_a_link_in_the_middle_of_a_drag_is_the_hands(opener):
    watched = opener("?__theme=light&utm=7&view=nothing")
    page = watched.page
    watched.drag(30, 75, release=False)
    hand = watched.target()
    assert hand == page.evaluate("window.ecoflap.state.row") != 50
    assert query(link(page))["target"] == str(hand)
    kept = {"__theme": "light", "utm": "7", "view": "nothing"}
    assert query(link(page)).keys() == {"__theme", "model", "scores", "target"}
    page.mouse.up()
    watched.confirmed(hand)
    in_address(page, f"target={hand}")
    assert query(page.url).items() >= kept.items(), "what is not of the link has gone from the address"


def test_the_address_is_written_seldom_while_the_hand_moves(opener):
    watched = opener("")
    page = watched.page
    page.evaluate(
        """() => {
          window.written = 0;
          const real = history.replaceState;
          history.replaceState = (...all) => {
            window.written++;
            return real.apply(history, all);
          };
        }"""
    )
    took = page.evaluate(
        """async () => {
          const began = performance.now();
          for (let i = 0; i < 60; i++) {
            window.ecoflap.move(30 + (i % 40));
            await new Promise(requestAnimationFrame);
          }
          return performance.now() - began;
        }"""
    )
    assert page.evaluate("window.written") <= took / 250 + 1
    in_address(page, "target=49")


def test_copying_says_so_and_what_is_not_in_the_link(opener):
    watched = opener("")
    page = watched.page
    watched.drag(35)
    page.locator("#status .link").click()
    page.wait_for_selector("#status .bubble .done:has-text('The link is copied.')")
    assert query(page.evaluate("navigator.clipboard.readText()"))["target"] == "35"
    assert page.locator("#status .bubble .caution").is_hidden()
    page.keyboard.press("Escape")
    assert page.locator("#status .bubble").is_hidden()
    page.evaluate("ecoflap.state.scene = null")  # as an upload leaves it
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as without https
    page.locator("#status .link").press("Enter")
    page.wait_for_selector("#status .bubble .done:has-text('The link is copied.')")
    assert "This picture is not in the link" in page.locator("#status .bubble .caution").inner_text()
    assert "question" in query(link(page)), "a question about a picture of one's own goes along"


def test_long_lists_of_locks_stay_out_of_what_servers_read(opener):
    watched = opener("")
    page = watched.page
    page.evaluate(
        """() => {
          const locks = Object.fromEntries(ecoflap.state.grid.layers.map(({ name }) => [name, 0.512345]));
          for (let i = 0; i < 300; i++) locks[`no such part ${i} of a model with long names`] = 0.5;
          ecoflap.state.table.knobs.overrides = locks;
        }"""
    )
    address = link(page)
    assert len(address) > 8000 and len(address.split("#")[0]) < 200
    page.locator("#status .link").click()
    assert "because of its many locks" in page.locator("#status .bubble .caution").inner_text()
    page = opener(address.replace("target", "x") + "&lock=vision:0.45").page
    assert notes(page)[0].startswith(
        "300 of the link's locks are about parts that this model does not have, such as “no"
    )
