"""Buttons are of two kinds with one shape, and one word stands for one thing on the whole page."""

import json
from pathlib import Path

TEXTS = json.loads((Path(__file__).parents[2] / "ecoflap/texts/en.json").read_text(encoding="utf-8"))
SHAPES = """() => [...document.querySelectorAll("button:is(.toggle, .primary, .secondary, .suggestion, .round)")]
    .filter((button) => button.offsetWidth && !button.closest(".segments, .scopes") && button.id !== "score-file")
    .map((button) => [button.textContent.trim(), getComputedStyle(button).borderTopLeftRadius])"""


def test_every_button_has_the_same_corners(opened):
    page = opened.page
    page.wait_for_selector("#history .modalities button")
    found = page.evaluate(SHAPES)
    assert len(found) > 10
    assert [words for words, radius in found if radius != "8px"] == []


def test_filled_buttons_look_alike_whoever_made_them(opened):
    page = opened.page
    looks = (
        "(node) => { const { backgroundColor, borderTopLeftRadius, fontWeight } = getComputedStyle(node);"
        " return [backgroundColor, borderTopLeftRadius, fontWeight]; }"
    )
    ours, gradios = page.locator("#ladder .primary").first, page.locator("#ask")
    assert ours.evaluate(looks) == gradios.evaluate(looks)


def test_a_thing_has_one_name():
    page = {key: text for key, text in TEXTS.items() if key.startswith("page.")}
    for word in (
        "surpris",
        "'s error",
        "the error",
        "shares out the sparsity",
        "only now",
        "the allocator",
        "questions, seed",
    ):
        assert [key for key, text in page.items() if word in text.lower()] == []
    assert page["page.ladder.allocators"] == page["page.rail.allocator"]
