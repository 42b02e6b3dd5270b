"""Learn in Chromium: its numbers are those of Python and of the rest of the page, and its buttons set the page."""

import pytest
from playwright.sync_api import expect

from ecoflap.allocation import allocate
from ecoflap.allocation.shares import share_of
from ecoflap.ui import session

VISION = "vision_model.encoder.layers.0.mlp.fc1"
LANGUAGE = "language_model.encoder.block.1.layer.0.SelfAttention.q"
RECIPES = [
    (VISION, {"percent": 50}),
    (LANGUAGE, {"percent": 35, "granularity": "layer", "margin": 20, "overrides": {"vision": 0.3}}),
]


def opened_at(page, name, knobs):
    """Every topic open, in view, and told about this layer under these knobs."""
    page.wait_for_selector("#status .chip.ready")
    page.evaluate("document.querySelectorAll('#learn details').forEach((box) => (box.open = true))")
    page.locator("#learn").scroll_into_view_if_needed()
    page.evaluate("knobs => ecoflap.restore({...ecoflap.snapshot(), ...knobs})", knobs)
    page.wait_for_function("percent => ecoflap.confirmed()?.percent === percent", arg=knobs["percent"])
    page.evaluate("name => ecoflap.select(ecoflap.state.grid.layers.findIndex((layer) => layer.name === name))", name)
    told(page, name)


def told(page, name):
    """Wait until the numbers are about this layer, and its weights have been looked at."""
    page.wait_for_function(
        "name => { const { state } = ecoflap; const learn = document.querySelector('#learn .mount').dataset;"
        " const about = {layer: name, target: state.row, key: state.table.key};"
        " return learn.state === 'told' && learn.about === JSON.stringify(about)"
        " && learn.inspected === learn.about && state.grid.layers[state.selected].name === name; }",
        arg=name,
    )
    # What is known is drawn in the next frame.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def number(page, topic, name):
    return page.locator(f"#learn [data-topic={topic}] [data-number={name}]").text_content()


def formula(page, place):
    """The numbers of a formula, in order."""
    return page.locator("#learn [data-topic=share] .here").nth(place).locator("mn, mo").all_text_contents()


@pytest.mark.parametrize(("name", "knobs"), RECIPES, ids=["as it opens", "by matrix with a lock"])
def test_its_numbers_are_those_of_python_and_of_the_page(demo_page, demo, name, knobs):
    page = demo_page.page
    opened_at(page, name, knobs)
    recipe = session.recipe_of(*(session.DEFAULTS | knobs).values())
    allocation, share = allocate(demo.bundle, recipe), share_of(demo.bundle, recipe, name)
    place = next(i for i, layer in enumerate(demo.bundle.layers) if layer.name == name)
    layer, kept = demo.bundle.layers[place], allocation.kept[place]
    facts = page.locator("#layer .facts dd").all_text_contents()

    assert number(page, "score", "score") == facts[3]
    assert number(page, "score", "draws") == f"{layer.draws:,}"
    assert float(number(page, "score", "eps")) == demo.bundle.facts["eps"]

    assert number(page, "share", "size") == f"{share.size:,}"
    assert f"{share.kept:,}" in number(page, "share", "kept")
    assert number(page, "share", "floor") == f"{share.floor:,}"
    assert number(page, "share", "sparsity") == f"{100 * (1 - share.kept / share.size):.1f}%"
    assert facts[0].startswith(f"{100 * (1 - kept / layer.size):.1f}%")
    if recipe.granularity == "layer":
        assert share.kept == kept
    here = [word for word in formula(page, 0) if word[0].isdigit()]
    floor, rest, own, every, result = (float(word.replace(",", "")) for word in here)
    assert floor + rest * own / every == pytest.approx(result, rel=1e-3)
    assert page.locator("#learn .closed").is_visible() == (share.whole == 0)

    assert f"{layer.size - kept:,}" in number(page, "fine", "zeros")
    zeros = allocation.total - allocation.total_kept
    assert f"{zeros:,}" in number(page, "zeros", "zeros")
    assert page.locator("#strip [data-smallest=true] .number").text_content() in number(page, "zeros", "least")
    assert number(page, "demo", "total") == f"{allocation.total:,}"


def test_its_buttons_set_the_page_and_it_follows(demo_page):
    page = demo_page.page
    opened_at(page, VISION, {"percent": 50})
    page.click("#learn [data-try=most]")
    best = page.evaluate(
        "ecoflap.state.grid.layers.reduce((a, b, i, all) =>"
        " ecoflap.state.table.prunable[i] && b.score > all[a].score ? i : a, 0)"
    )
    assert page.evaluate("ecoflap.state.selected") == best
    page.click("#learn [data-try=uniform]")
    expect(page.locator("#learn [data-topic=share] .here").first).to_be_hidden()
    assert page.evaluate("ecoflap.snapshot().allocator") == "uniform"
    page.click("#learn [data-try=ecoflap]")
    expect(page.locator("#learn [data-topic=share] .here").first).to_be_visible()
    page.click("#learn [data-try=pattern]")
    page.wait_for_function("ecoflap.snapshot().pattern === '2:4'")
    expect(page.locator("#learn [data-topic=share] .numbers")).to_be_hidden()
    page.click("#learn [data-try=anywhere]")
    page.wait_for_function("ecoflap.snapshot().pattern === 'unstructured'")
    page.click("#learn [data-try=map]")
    assert page.locator("#map canvas").get_attribute("data-view") == "score"
    page.click("#learn [data-try=tour]")
    page.wait_for_selector("#tour .tour-card[data-step='1']")


def test_moving_the_target_adds_no_nodes_and_asks_once(demo_page):
    watched, page = demo_page, demo_page.page
    opened_at(page, VISION, {"percent": 50})
    count = "document.querySelectorAll('#learn *, #tour *').length"
    before = page.evaluate(count)
    asked = [
        post for post in watched.posts if set(post.get("event_data") or {}) == {"layer", "target", "key", "ticket"}
    ]
    page.evaluate("for (let percent = 20; percent <= 80; percent++) ecoflap.move(percent); ecoflap.move(40)")
    page.wait_for_selector("#learn .mount[data-state=told]")
    page.wait_for_function("document.querySelector('#map canvas').dataset.shown === '40'")
    told(page, VISION)
    after = [
        post for post in watched.posts if set(post.get("event_data") or {}) == {"layer", "target", "key", "ticket"}
    ]
    assert len(after) == len(asked) + 1
    assert page.evaluate(count) == before
