"""Opening a link: whatever stands in it, another model, scores alone, and what it hides from a class."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import pytest

from ecoflap.host import Offer
from ecoflap.scores_only import ScoresOnly
from tests.browser.linking import (
    BLOCK,
    ODD,
    STATE,
    Opener,
    bundle,
    in_address,
    link,
    notes,
    opening,
    query,
    restored,
    two_scored,
)
from tests.ui.fakes import FakeExplorer

XSS = '<img src=x onerror="window.hurt=1">{{7*7}}${7*7}javascript:\'"&</script><script>window.hurt=1</script>'
KEYS = "target cap_mode margin cap granularity allocator bridge pattern scores model lock layer map show example seed"


@pytest.fixture
def shared() -> FakeExplorer:
    """What everybody looks at."""
    return two_scored()


@pytest.fixture
def opener(chromium, shared) -> Iterator[Opener]:
    """Opens the page with a query in a browser of its own."""
    yield from opening(chromium, shared)


BAD = {
    "target": ("-3", "“target=-3” in the link is not a whole number from 0 to 95. Used instead: 50."),
    "margin": ("1e9", "“margin=1e9” in the link is not a whole number from 0 to 50. Used instead: 10."),
    "cap": ("101", "“cap=101” in the link is not a whole number from 0 to 100. Used instead: 60."),
    "cap_mode": ("x", "“cap_mode=x” in the link is none of margin, fixed. Used instead: margin."),
    "granularity": ("info", "“granularity=info” in the link is none of layer, block, model. Used instead: block."),
    "bridge": ("1", "“bridge=1” in the link is none of yes, no. Used instead: no."),
    "pattern": ("3:4", "“pattern=3:4” in the link is none of unstructured, 2:4, 4:8. Used instead: unstructured."),
    "lock": (f"{BLOCK}:1.2", f"“lock={BLOCK}:1.2” in the link is no lock, which is a name, a colon"),
    "layer": ("nowhere", "The link selects the matrix “nowhere”, which this model does not have."),
    "map": ("blame", "“map=blame” in the link is none of sparsity, score, difference. Used instead: nothing."),
    "show": ("", "“show=” in the link is none of map, table."),
    "example": ("7", "“example=7” in the link is not a whole number from 1 to 6."),
    "seed": ("9" * 16, f"“seed={'9' * 16}” in the link is not a whole number from 0 to 281474976710655."),
    "question": ("x" * 5000, "“question” in the link is longer than"),
    "tour": ("9", "“tour=9” in the link is not a whole number from 1 to 8."),
    "hide": ("everything", "“hide=everything” in the link names nothing that can be hidden"),
    "scores": ("abc", "The link was made with the importance scores abc, which are not here;"),
    "a.target": ("99", "“a.target=99” in the link is not a whole number from 0 to 95. Used instead: 50."),
}


def test_every_bad_value_is_one_sentence_and_the_page_stays_of_use(opener):
    watched = opener(
        "?"
        + urlencode(
            {key: value for key, (value, _) in BAD.items()}
            | dict.fromkeys(("nonsense", "constructor", "__proto__", "a.valueOf"), "1")
        )
    )
    page = watched.page
    said = notes(page)
    for key, (_, words) in BAD.items():
        assert sum(note.startswith(words) for note in said) == 1, (key, said)
    assert len(said) == len(BAD)
    assert page.evaluate("window.ecoflap.snapshot().percent") == 50
    page.locator("#link .gone").first.click()
    assert len(notes(page)) == len(BAD) - 1
    watched.drag(65)
    watched.confirmed(65)


def test_settings_that_exclude_each_other_are_refused_in_pythons_words(opener):
    watched = opener("?target=80&lock=vision:0.1&lock=language:0.1&layer=language_projection&a.target=20")
    page = watched.page
    (words,) = notes(page)
    assert words.startswith("The settings of the link cannot be used, and the page's own stay: ")
    assert "80" in words and page.locator("#problem .problem").is_hidden()
    watched.confirmed(50)
    state = page.evaluate(STATE)
    assert state["layer"] == "language_projection" and state["pinned"]["percent"] == 20, "the rest is not restored"
    opened = opener("?pattern=2:4&target=70&lock=vision:0.3")
    assert notes(opened.page) == [] and opened.page.evaluate("ecoflap.state.row") == 50


def test_what_the_scores_lack_is_said(opener):
    page = opener("?allocator=response").page
    words = (
        "“allocator=response” in the link is not possible with this model and its scores; “ecoflap” is used instead."
    )
    assert notes(page) == [words]


def test_nothing_in_an_address_is_ever_executed(opener):
    keys = (*KEYS.split(), "tour", "hide", "a.lock", "a.allocator", "nonsense", "__theme")
    values = dict.fromkeys(keys, XSS) | {"lock": f"{XSS}:0.5", "question": XSS}
    page = opener("?" + urlencode(values) + "#" + urlencode({"lock": f"{XSS}:0.6"})).page
    assert page.evaluate("window.hurt === undefined && document.querySelector('img[src=x]') === null")
    assert page.locator("#link :is(img, script)").count() == 0 and len(notes(page)) > 10
    assert page.evaluate("window.ecoflap.questionTyped()") == XSS
    page.locator("#status .link").click()
    assert page.evaluate("window.hurt === undefined && document.querySelector('img[src=x]') === null")


def test_another_model_is_named_with_the_way_to_it_and_the_rest_is_set(chromium, shared):
    for open_page in opening(chromium, shared):
        page = open_page("?model=some/vlm&scores=00ff&target=65&lock=nowhere.at.all:0.5&granularity=model").page
        model, locks = notes(page)
        assert (
            model.startswith("The link was made with the model some/vlm; this page shows demo.") and "--model" in model
        )
        assert locks.startswith("1 of the link's locks are about parts that this model does not have")
        now = page.evaluate("window.ecoflap.snapshot()")
        assert (now["percent"], now["granularity"], now["overrides"]) == (65, "model", {})


def test_a_model_of_the_list_is_opened_from_the_sentence_and_then_the_link_again(chromium):
    new = FakeExplorer(replace(bundle(), model="other"), spec="other/model")
    hosting = {"offered": [Offer("other/model")], "make": lambda *_, **__: new, "room_for": lambda *_: True}
    for open_page in opening(chromium, FakeExplorer(spec="demo"), **hosting):
        page = open_page(f"?model=other/model&scores={new.bundle.fingerprint}&target=65").page
        (words,) = notes(page)
        assert words.startswith("The link was made with the model other/model; this page shows demo.")
        page.get_by_role("button", name="Choose other/model").click()
        assert page.locator("dialog.models input[type=radio]:checked").get_attribute("value") == "other/model"
        page.locator("dialog.models .primary").click()
        page.wait_for_selector(f"#map canvas[data-cells='{len(bundle().layers)}']")
        page.wait_for_selector("dialog.models", state="hidden")
        page.get_by_role("link", name="Open the link again").click()
        page.wait_for_selector("#map canvas[data-shown='65']")
        page.wait_for_selector("#link .mount[data-restored]", state="attached")
        assert notes(page) == []


def test_a_class_sees_less_and_what_is_hidden_applies(opener):
    teacher = opener("?target=40&granularity=layer").page
    teacher.locator("#status .link").click()
    teacher.get_by_role("button", name="Link for a class …").click()
    dialog = teacher.locator("dialog.classlink[open]")
    for name in ("granularity", "layer", "compare", "ladder"):
        dialog.locator(f"input[name={name}]").check()
    address = dialog.locator("textarea").input_value()
    assert query(address)["hide"] == "granularity,layer,ladder,compare"
    dialog.get_by_role("button", name="Copy link").click()
    teacher.wait_for_selector("dialog.classlink .done:has-text('The link is copied.')")
    assert teacher.evaluate("navigator.clipboard.readText()") == address
    teacher.keyboard.press("Escape")
    assert teacher.locator("#granularity").is_visible(), "the teacher's own page hides nothing"

    page = opener(address).page
    for place in ("#granularity", "#layer", "#ladder", "#blame", "#compare", "#pin"):
        assert not page.locator(place).is_visible(), place
    focused = "node => { node.focus(); return document.activeElement === node; }"
    assert not page.locator("#granularity input").first.evaluate(focused)
    assert page.evaluate("window.ecoflap.snapshot().granularity") == "layer"
    assert page.locator("#allocator").is_visible() and page.locator("#ask").is_visible()
    in_address(page, "hide=granularity,layer,ladder,compare")
    page.get_by_role("button", name="Show all").click()
    assert page.locator("#granularity").is_visible() and page.locator("#layer").is_visible()
    page.wait_for_function("() => !location.search.includes('hide')")
    assert notes(page) == []


def test_scores_alone_restore_what_the_model_was_shown_with(chromium, shared, opener, tmp_path):
    first = opener("").page
    restored(first, percent=44, granularity="layer", overrides={BLOCK: 0.3, ODD: 0.6})
    first.evaluate("ecoflap.show('score')")
    shares = "ecoflap.state.grid.layers.map((_, i) => ecoflap.sparsity(i))"
    wanted, before = link(first), first.evaluate(shares)
    bundle().write(tmp_path / "scores.json")
    for open_page in opening(chromium, ScoresOnly(tmp_path / "scores.json")):
        page = open_page("?" + urlsplit(wanted).query + "&question=What+is+it%3F&example=3").page
        assert notes(page) == []
        assert page.evaluate(shares) == before
        assert page.evaluate("ecoflap.state.view") == "score"
        assert query(link(page)) == {key: value for key, value in query(wanted).items() if key != "model"}
