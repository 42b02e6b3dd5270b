"""The panel of one layer in Chromium: what is seen of its weights, deciding over it by hand, and what A had zero."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched, serve
from tests.ui.fakes import FakeExplorer, small_bundle

NAME = "vision_model.encoder.layers.0.mlp.fc1"
OTHER = "vision_model.encoder.layers.3.mlp.fc1"


def select(page, name=NAME):
    """Choose a layer and wait until its weights are seen."""
    page.evaluate("name => ecoflap.select(ecoflap.state.grid.layers.findIndex((layer) => layer.name === name))", name)
    return seen(page, name)


def seen(page, name=NAME):
    """Wait for an inspection of exactly what is shown; the panel."""
    index = page.evaluate("name => ecoflap.state.grid.layers.findIndex((layer) => layer.name === name)", name)
    page.wait_for_selector(f"#layer .mount[data-layer='{index}'][data-state='seen']")
    return page.locator("#layer")


def sparsity(page, name=NAME):
    """What the map shows of a layer."""
    return page.evaluate(
        "name => ecoflap.sparsity(ecoflap.state.grid.layers.findIndex((layer) => layer.name === name))", name
    )


def data(panel, selector):
    return panel.locator(selector).evaluate("node => ({...node.dataset})")


def inspections(watched):
    """What was asked of Python about layers, in order."""
    events = [post.get("event_data") for post in watched.posts]
    return [event for event in events if isinstance(event, dict) and "against" in event]


def test_histograms_picture_and_rows_of_a_layer(demo_page, demo):
    page = demo_page.page
    panel = select(page)
    layer = next(layer for layer in demo.bundle.layers if layer.name == NAME)
    weights, criterion = data(panel, ".histogram.weights"), data(panel, ".histogram.criterion")
    assert int(weights["kept"]) + int(weights["removed"]) == layer.size
    assert (criterion["kept"], criterion["removed"]) == (weights["kept"], weights["removed"])
    assert (weights["threshold"], criterion["threshold"]) == ("none", "shown")
    density = int(weights["kept"]) / layer.size
    assert float(data(panel, "canvas.cells")["density"]) == pytest.approx(density, abs=0.005)
    assert density == pytest.approx(1 - sparsity(page), abs=1e-3)
    rows = data(panel, "svg.rows")
    assert int(rows["points"]) == min(layer.rows, 128)
    assert 0 <= float(rows["least"]) < 1 - density < float(rows["most"]) <= 1
    expect(panel.locator(".histogram.criterion p")).to_contain_text("whatever is at or below the line")
    expect(panel.locator(".mask")).to_contain_text(f"{layer.rows} outputs")
    assert panel.locator(".histogram.weights path.kept").get_attribute("d").startswith("M")


def test_rows_that_are_compared_have_lines_of_their_own_and_a_pattern_has_none(demo_page):
    page = demo_page.page
    panel = select(page, "language_model.encoder.block.0.layer.0.SelfAttention.o")
    expect(panel.locator(".histogram.criterion p")).to_contain_text("output by output")
    page.locator("#pattern label", has_text="2:4").click()
    expect(panel.locator(".histogram.criterion p")).to_contain_text("no common line")
    expect(panel.locator(".hold")).to_contain_text("nothing can be locked")
    expect(panel.locator("button.lock")).to_have_attribute("aria-disabled", "true")


def test_a_layer_outside_the_prunable_set_is_seen_and_cannot_be_locked(demo_page):
    panel = select(demo_page.page, "qformer.encoder.layer.0.attention.attention.query")
    assert data(panel, ".histogram.weights")["removed"] == "0"
    expect(panel.locator(".hold")).to_contain_text("nothing to lock")
    panel.locator("button.spare").press("Enter")
    assert demo_page.page.evaluate("ecoflap.state.table.knobs.overrides") == {}


def test_a_sparsity_set_by_the_keyboard_holds_and_the_rest_pays_exactly(demo_page):
    page = demo_page.page
    panel, other = select(page), sparsity(page, OTHER)
    field = panel.locator("input")
    field.fill("10")
    field.press("Enter")
    expect(panel.locator(".hold")).to_have_text("This matrix is locked at 10.0%.")
    demo_page.confirmed(50)
    assert sparsity(page) == pytest.approx(0.1, abs=1e-3) and sparsity(page, OTHER) > other
    expect(page.locator("[data-role=achieved]")).to_have_text("50.0%")
    assert data(seen(page), ".histogram.weights")["removed"] == str(round(0.1 * 65536))
    panel.locator("button.free").press("Enter")
    expect(panel.locator(".hold")).to_have_text("Not locked: “Who loses weights?” decides here.")
    assert sparsity(page, OTHER) == pytest.approx(other, abs=1e-4)
    expect(panel.locator("button.free")).to_be_focused()


def test_a_block_is_spared_by_the_keyboard_and_what_that_costs_was_said(demo_page):
    page = demo_page.page
    panel = select(page)
    block = panel.locator("button[data-scope=block]")
    block.press("Space")
    expect(block).to_have_attribute("aria-pressed", "true")
    expect(panel.locator(".cost")).to_contain_text("Sparing its block")
    words = panel.locator(".cost").inner_text()
    panel.locator("button.spare").press("Enter")
    expect(panel.locator(".hold")).to_have_text("Its block is locked at 0.0%.")
    demo_page.confirmed(50)
    assert sparsity(page) == 0 and sparsity(page, "vision_model.encoder.layers.0.mlp.fc2") == 0
    others = page.evaluate(
        """() => {
            const { layers } = ecoflap.state.grid;
            const rest = layers.map((layer, i) => [layer, i]).filter(([layer, i]) =>
                ecoflap.state.table.prunable[i] && layer.block !== "vision_model.encoder.layers.0");
            const size = rest.reduce((sum, [layer]) => sum + layer.rows * layer.cols, 0);
            return rest.reduce((sum, [layer, i]) => sum + ecoflap.sparsity(i) * layer.rows * layer.cols, 0) / size;
        }"""
    )
    assert f"to {others:.1%}" in words
    expect(page.locator("[data-role=achieved]")).to_have_text("50.0%")


def test_a_lock_writes_down_what_is_shown(demo_page):
    page = demo_page.page
    panel = select(page)
    now = f"{sparsity(page):.1%}"
    expect(panel.locator("button.lock")).to_have_text(f"Lock at {now}")
    panel.locator("button.lock").click()
    expect(panel.locator(".hold")).to_have_text(f"This matrix is locked at {now}.")
    demo_page.drag(70)
    demo_page.confirmed(70)
    assert f"{sparsity(page):.1%}" == now


def test_zeros_in_the_pinned_recipe_and_now(demo_page):
    page = demo_page.page
    panel = select(page)
    expect(panel.locator(".pinned")).to_be_hidden()
    page.evaluate("ecoflap.pin()")
    expect(panel.locator(".pinned")).to_be_visible()
    before = int(data(panel, ".histogram.weights")["removed"])
    assert data(panel, ".pinned")["both"] == str(before)
    demo_page.drag(80)
    demo_page.confirmed(80)
    found = {name: int(count) for name, count in data(seen(page).locator(".pinned"), ":scope").items()}
    removed = int(data(panel, ".histogram.weights")["removed"])
    assert found == {"both": before, "only_a": 0, "only_now": removed - before, "neither": 65536 - removed}
    expect(panel.locator(".pinned p")).to_contain_text(f"{before / removed:.1%}")
    page.evaluate("ecoflap.unpin()")
    expect(panel.locator(".pinned")).to_be_hidden()


def test_a_number_that_is_no_share_is_refused_in_its_place(opened):
    panel = opened.page.locator("#layer")
    panel.locator("input").fill("120")
    panel.locator("button.set").click()
    expect(panel.locator(".hold")).to_have_text("The sparsity is 120. Type a number from 0 to 100.")
    assert opened.page.evaluate("ecoflap.state.table.knobs.overrides") == {}


def test_without_weights_there_are_words_and_locks_work_all_the_same(opened):
    panel = opened.page.locator("#layer")
    expect(panel.locator(".waiting")).to_contain_text("still loading")
    expect(panel.locator(".histogram.weights")).to_be_hidden()
    panel.locator("button.lock").click()
    expect(panel.locator(".hold")).to_contain_text("This matrix is locked at")


def test_nothing_is_asked_while_the_hand_moves_and_once_after(demo_page):
    page = demo_page.page
    select(page)
    before = len(inspections(demo_page))
    demo_page.drag(60, 65, 62, release=False)
    page.wait_for_selector("#layer .mount[data-state='stale']")
    assert len(inspections(demo_page)) == before
    page.mouse.up()
    seen(page)
    assert [event["target"] for event in inspections(demo_page)[before:]] == [62]
    select(page, OTHER)
    select(page, OTHER)
    assert len(inspections(demo_page)) == before + 2


def test_nothing_jumps_when_the_weights_have_been_looked_at(demo_page):
    page = demo_page.page
    panel = select(page)
    places = "nodes => nodes.map((node) => Math.round(node.getBoundingClientRect().top))"
    before = panel.locator("section:not([hidden])").evaluate_all(places)
    demo_page.drag(55)
    demo_page.confirmed(55)
    seen(page)
    assert panel.locator("section:not([hidden])").evaluate_all(places) == before


@pytest.mark.parametrize("moving", [False, True])
def test_long_counts_stay_inside_the_panel(chromium, moving):
    bundle = small_bundle()
    large = tuple(replace(layer, rows=11008, cols=4096) for layer in bundle.layers)
    blocks, url = serve(FakeExplorer(replace(bundle, layers=large)))
    watched = Watched(chromium.new_page(viewport={"width": 1440, "height": 900}), url)
    page = watched.page
    watched.confirmed(50)
    watched.drag(41, release=not moving)
    if not moving:
        watched.confirmed(41)
    watched.shown(watched.target())
    kept = page.locator("#layer .facts dd").nth(1)
    expect(kept).to_contain_text(" M of 45.1 M")
    exact = kept.get_attribute("title")
    assert (exact == "") if moving else exact.endswith(" of 45,088,768")
    ends = "node => [...node.querySelectorAll('dd')].map((dd) => [dd.getBoundingClientRect().right, dd.offsetHeight])"
    inner = page.locator("#layer .facts").evaluate("node => node.getBoundingClientRect().right")
    for right, height in page.locator("#layer .facts").evaluate(ends)[:2]:
        assert right <= inner and height < 24, "a count is cut or broken over lines"
    page.mouse.up()
    page.close()
    blocks.close()
    assert watched.errors == []


def test_zeros_of_a_and_b_have_the_colours_of_the_map(demo_page):
    page = demo_page.page
    colour = "node => getComputedStyle(node).backgroundColor"
    page.evaluate("ecoflap.pin()")
    seen(page, page.evaluate("ecoflap.state.grid.layers[ecoflap.state.selected].name"))
    less, more = page.evaluate(
        """() => {
            const style = getComputedStyle(document.querySelector(".gradio-container"));
            return ["--less", "--more"].map((name) => {
                const value = Number.parseInt(style.getPropertyValue(name).trim().slice(1), 16);
                return `rgb(${value >> 16}, ${(value >> 8) & 255}, ${value & 255})`;
            });
        }"""
    )
    assert page.locator("#layer .stack i.only_a").evaluate(colour) == less, "zero only in A: B has fewer"
    assert page.locator("#layer .stack i.only_now").evaluate(colour) == more
