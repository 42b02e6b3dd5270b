"""Many wishes over a slow line: none is sent twice, the newest one is heard, and the hand's target stands."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def slow(opened):
    """The page over a line that takes its time; quick gestures then come before the answers."""
    line = opened.page.context.new_cdp_session(opened.page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 700, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    return opened


def slide(opened, percent: int) -> None:
    """Move the slider as the keyboard does: without a pointer that is held."""
    opened.page.locator("#target input[type=range]").evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', { bubbles: true })); }",
        percent,
    )


def test_every_settled_target_is_confirmed_though_the_answers_take_long(slow):
    with slow.page.expect_request(lambda request: '"percent":60' in (request.post_data or "")):
        slide(slow, 60)
    slide(slow, 75)
    slow.confirmed(75)
    assert slow.commits() == [60, 75]


def test_pin_and_unpin_in_quick_succession_reach_python_in_order(slow):
    page = slow.page
    page.evaluate("ecoflap.pin()")
    page.evaluate("ecoflap.unpin()")
    page.wait_for_function("ecoflap.state.pinned === null")
    with page.expect_request(lambda request: '"values":null' in (request.post_data or "")):
        page.evaluate("ecoflap.pin(); ecoflap.unpin()")
    pins = [post["event_data"] for post in slow.posts if "values" in (post.get("event_data") or {})]
    assert pins[0]["values"]["percent"] == 50
    assert pins[-1]["values"] is None
    assert [pin["ticket"] for pin in pins] == list(range(1, len(pins) + 1))


def test_what_the_hand_does_while_a_lock_is_on_its_way_stands(slow):
    page = slow.page
    page.evaluate("ecoflap.lock({ vision: 0.45 })")
    slide(slow, 48)
    page.wait_for_selector("#history .locks[data-count='1']")
    slow.confirmed(48)
    assert slow.target() == 48
    assert page.evaluate("[ecoflap.state.percent, ecoflap.state.problem]") == [48, ""]


def test_a_refusal_of_what_is_no_longer_shown_is_not_said(opened):
    page = opened.page
    page.evaluate("ecoflap.confirm({ error: 'Too much.', ticket: 999, percent: 50, key: 'another' })")
    assert page.evaluate("ecoflap.state.problem") == ""
    page.evaluate("ecoflap.confirm({ error: 'Too much.', ticket: 999, percent: 50, key: ecoflap.state.table.key })")
    assert page.locator("#problem .problem").text_content() == "Too much."


def test_a_knob_that_moved_just_before_a_lock_stays_moved(slow):
    page = slow.page
    page.locator("#allocator").get_by_text("Uniform:").click()
    page.evaluate("ecoflap.lock({ vision: 0.45 })")
    page.wait_for_selector("#history .locks[data-count='1']")
    assert page.evaluate("ecoflap.state.table.knobs.allocator") == "uniform"
    assert page.locator("#allocator input:checked").get_attribute("value") == "uniform"


def test_the_layer_that_was_selected_last_is_inspected(slow):
    page = slow.page
    for layer in (2, 3):
        with page.expect_request(lambda request: '"layer":' in (request.post_data or "")):
            page.evaluate("layer => ecoflap.select(layer)", layer)
    page.wait_for_selector("#layer .mount:not([data-state=stale])")
    last = [post["event_data"]["layer"] for post in slow.posts if "layer" in (post.get("event_data") or {})][-1]
    assert last == page.evaluate("ecoflap.state.grid.layers[3].name")


def test_a_target_out_of_reach_cannot_be_explained(opened):
    page = opened.page
    page.evaluate("ecoflap.restore({ ...ecoflap.snapshot(), cap_mode: 'fixed', cap: 60 })")
    page.wait_for_function("ecoflap.state.table.knobs.cap === 60 && ecoflap.state.table.knobs.cap_mode === 'fixed'")
    why = page.locator("#ladder [data-action=explain]")
    assert why.is_enabled()
    slide(opened, 80)
    expect(why).to_be_disabled()
    assert "80%" in why.get_attribute("title")


def test_a_and_b_that_read_the_same_in_brief_are_told_apart_by_what_differs(opened):
    page = opened.page
    page.evaluate("ecoflap.pin()")
    page.locator("#granularity label", has_text="matrix").click()
    page.wait_for_selector("#compare .lead:has-text('(One sparsity for each …: matrix)')")
    assert "(One sparsity for each …: block)" in page.locator("#compare .lead").text_content()


def test_swapping_twice_at_once_swaps_once(slow):
    page = slow.page
    slide(slow, 60)
    slow.confirmed(60)
    page.evaluate("ecoflap.pin()")
    slide(slow, 40)
    slow.confirmed(40)
    page.locator("#compare .tools").get_by_text("Swap A and B", exact=True).dblclick()
    slow.confirmed(60)
    assert page.evaluate("[ecoflap.state.pinned.percent, ecoflap.state.row]") == [40, 60]


def test_a_table_that_a_lock_overtook_does_not_take_the_lock_away(opened):
    page, held = opened.page, []

    def overtaken(route):
        if held or (route.request.post_data_json or {}).get("event_data") is not None:
            return route.continue_()
        return held.append(route)

    page.route("**/run/predict*", overtaken)
    with page.expect_request("**/run/predict*"):
        page.locator("#granularity label", has_text="matrix").click()
    page.evaluate("ecoflap.lock({ vision: 0.45 })")
    page.wait_for_function("ecoflap.state.table.knobs.overrides.vision === 0.45")
    answer = held[0].fetch()  # of the knobs as they were before the lock
    with page.expect_request(lambda request: '"ticket":-1' in (request.post_data or "")):
        held[0].fulfill(response=answer)
    page.wait_for_function("ecoflap.state.table.knobs.granularity === 'layer'")
    assert page.evaluate("ecoflap.state.table.knobs.overrides") == {"vision": 0.45}


def test_a_knob_that_moves_while_a_lock_is_on_its_way_stays_moved(slow):
    page = slow.page
    with page.expect_request(lambda request: '"vision":0.45' in (request.post_data or "")):
        page.evaluate("ecoflap.lock({ vision: 0.45 })")
    page.locator("#granularity label", has_text="matrix").click()
    page.wait_for_function(
        "(({ granularity, overrides }) => granularity === 'layer' && overrides.vision)(ecoflap.state.table.knobs)"
    )
    page.wait_for_selector("#granularity label.selected:has-text('matrix')")
