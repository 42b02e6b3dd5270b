"""Breaking point and what broke it on the embedded model in a real browser: strips, cursor, blame, sparing."""

import pytest
from playwright.sync_api import expect

from ecoflap.allocation import ALLOCATORS

QUESTION = "Is the purple circle above the big red object?"
READY = "#status .chip.ready"


def start(page, question=QUESTION):
    """A question in the box, the model ready; the strips that the page can show."""
    page.wait_for_selector(READY)
    page.locator("#question textarea").fill(question)


def climbed(page, *allocators):
    for name in allocators:
        page.locator(f"#ladder .boxes input[value={name}]").check()
    page.click("#ladder [data-action=climb]")
    page.wait_for_selector("#ladder .mount[data-state=done] .plot")


def strip(page, allocator="ecoflap"):
    """(last right, first wrong) of a strip."""
    found = page.locator(f"#ladder .strip[data-allocator={allocator}]")
    return int(found.get_attribute("data-right")), int(found.get_attribute("data-wrong"))


def aim(page, percent):
    page.evaluate(f"ecoflap.restore({{...ecoflap.snapshot(), percent: {percent}}})")
    page.wait_for_selector(f"#map canvas[data-shown='{percent}']", state="attached")
    page.wait_for_selector(f"#strip .mount[data-confirmed='{percent}']", state="attached")


def asked(page):
    """The dense and the pruned answer at the slider."""
    page.click("#ask")
    page.wait_for_selector("#answers .mount[data-state=done][data-stale=false]")
    return page.locator("#answers .answer").all_text_contents()[:2]


def explained(page):
    page.click("#ladder [data-action=explain]")
    page.wait_for_selector("#blame .mount[data-state=done] .result:not([hidden])")


def test_the_strip_fills_and_its_break_is_what_asking_gets(demo_page):
    page = demo_page.page
    start(page)
    page.evaluate(
        "const count = () => document.querySelectorAll('#ladder .rung:enabled').length;"
        "window.seen = []; new MutationObserver(() => seen.push(count()))"
        ".observe(document.querySelector('#ladder'), {childList: true, subtree: true})"
    )
    climbed(page)
    right, wrong = strip(page)
    assert wrong == right + 1
    assert f"Right up to {right}%, wrong from {wrong}%" in page.locator("#ladder .verdict").text_content()
    assert len({count for count in page.evaluate("seen") if count}) > 2, "the strip came in one piece"
    aim(page, right)
    dense, pruned = asked(page)
    assert dense == pruned
    aim(page, wrong)
    dense, pruned = asked(page)
    assert dense != pruned
    shown = page.locator(f"#ladder .rung[data-percent='{wrong}']")
    assert shown.get_attribute("data-state") == "wrong"
    shown.focus()
    said = page.locator("#ladder .detail .said").text_content().removesuffix(" …")
    assert pruned.startswith(said) and page.locator("#ladder .detail mark").count() >= 1


def test_the_cursor_follows_the_hand_and_a_rung_moves_the_target(demo_page):
    page = demo_page.page
    start(page)
    climbed(page)
    demo_page.drag(20)
    percent = demo_page.target()
    page.wait_for_selector(f"#ladder .cursor[data-percent='{percent}%']", state="attached")
    assert f"At {percent}%" in page.locator("#ladder .now").text_content()
    before = page.locator("#ladder .rung[data-percent='70']")
    before.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.percent") not in (None, "70")
    before.click()
    assert "70%" in page.locator("#ladder .detail").text_content()
    page.click("#ladder .detail .go")
    page.wait_for_selector("#map canvas[data-shown='70']", state="attached")
    page.wait_for_function("document.querySelector('#target input[type=range]').value === '70'")
    page.wait_for_selector("#ladder .cursor[data-percent='70%']", state="attached")
    assert page.evaluate("ecoflap.state.ladder.strips[0].rungs.map((rung) => rung.percent).includes(70)")


def test_all_allocators_have_a_strip_each_and_stopping_keeps_what_is_there(demo_page, demo):
    page = demo_page.page
    start(page, "Write a caption.")
    page.locator("#ladder .boxes label").last.locator("input").check()
    able = [allocator for allocator in ALLOCATORS if not allocator.lacks(demo.bundle.layers)]
    assert page.locator("#ladder .boxes input:checked").count() == len(able) + 1  # and the one for all
    page.click("#ladder [data-action=climb]")
    page.wait_for_selector("#ladder .mount[data-state=busy] .rung.right")
    page.click("#ladder .stop")
    page.wait_for_selector("#ladder .mount[data-state=stopped]")
    assert page.locator("#ladder .strip").count() == len(able)
    assert (
        page.locator("#ladder .cells .rung:enabled").count() >= 1
        and "stays" in page.locator("#ladder .unit").first.text_content()
    )
    page.locator("#ladder .boxes label").last.locator("input").uncheck()
    assert page.locator("#ladder [data-action=climb]").is_disabled()
    climbed(page, "uniform")
    assert page.locator("#ladder .strip").count() == 1 and page.locator("#ladder .cells .rung:enabled").count() == 10


def test_other_settings_make_it_stale_and_another_question_or_picture_takes_it_away(demo_page):
    page = demo_page.page
    start(page)
    climbed(page)
    page.evaluate("ecoflap.restore({...ecoflap.snapshot(), margin: 20})")
    page.wait_for_selector("#ladder .mount[data-stale=true]")
    assert "10%" in page.locator("#ladder .stale").text_content()
    page.evaluate("ecoflap.restore({...ecoflap.snapshot(), margin: 10, allocator: 'uniform'})")
    page.wait_for_selector("#ladder .mount[data-stale=false]")
    page.locator("#question textarea").fill("How many?")
    page.wait_for_selector("#ladder .result", state="hidden")
    assert page.evaluate("ecoflap.state.ladder") is None
    page.locator("#question textarea").fill(QUESTION)
    page.wait_for_selector("#ladder .result", state="visible")
    page.locator("#picker .thumb").nth(1).click()
    page.wait_for_selector("#ladder .mount[data-state=empty]")
    assert page.locator("#ladder .result").is_hidden() and page.evaluate("ecoflap.state.ladder") is None


def test_a_cap_marks_the_steps_beyond_it_and_a_pattern_has_none(demo_page):
    page = demo_page.page
    start(page)
    page.evaluate("ecoflap.restore({...ecoflap.snapshot(), cap_mode: 'fixed', cap: 60})")
    page.wait_for_function("ecoflap.state.table.key.includes('=0.6')")
    climbed(page)
    assert page.locator("#ladder .cells .rung.none").count() == 3
    page.locator("#ladder .rung[data-percent='90']").hover()
    assert "cap" in page.locator("#ladder .detail").text_content()
    page.evaluate("ecoflap.restore({...ecoflap.snapshot(), cap_mode: 'margin', pattern: '2:4'})")
    page.wait_for_selector("#ladder .off:not([hidden])")
    assert page.locator("#ladder [data-action=climb]").is_disabled()


def test_the_blamed_blocks_colour_the_map_and_sparing_one_keeps_the_target_to_the_weight(demo_page):
    page = demo_page.page
    start(page)
    aim(page, 85)
    dense, pruned = asked(page)
    assert dense != pruned, "the test needs an answer that pruning breaks"
    explained(page)
    assert page.evaluate("ecoflap.state.view") == "blame"
    values = page.evaluate("ecoflap.state.blame.values")
    first = page.locator("#blame li").first
    block = first.get_attribute("data-block")
    assert values[block] == max(values.values()) > 0 and len(values) == 14
    assert float(first.get_attribute("data-share")) == pytest.approx(values[block], abs=1e-4)
    assert page.locator("#blame .blocks").first.locator("li").count() == 10
    page.evaluate("ecoflap.show('sparsity')")
    page.click("#blame .map")
    assert page.evaluate("ecoflap.state.view") == "blame"
    expect(page.locator("#map canvas")).to_be_in_viewport(ratio=0.9)
    first.locator(".spare").click()
    page.wait_for_selector(f"#blame .mount[data-spared='{block}']")
    assert first.locator(".spare").text_content() == "Kept whole" and first.locator(".spare").is_disabled()
    assert page.evaluate("ecoflap.state.table.knobs.overrides") == {block: 0}
    state = page.evaluate("[ecoflap.state.table.kept[ecoflap.state.row], ecoflap.state.table.total, ecoflap.state.row]")
    assert state[0] == state[1] - round(state[1] * 0.85) and state[2] == 85
    whole = page.evaluate(
        f"ecoflap.state.grid.layers.map((l, i) => [l.block, ecoflap.sparsity(i)]).filter(([b]) => b === '{block}')"
    )
    assert whole and all(sparsity == 0 for _, sparsity in whole)
    page.wait_for_selector("#answers .mount[data-stale=true]")


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_asked_again_the_answer_lands_in_sight_of_the_spared_row(demo_page, size):
    page = demo_page.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    start(page)
    aim(page, 85)
    asked(page)
    explained(page)
    fresh = page.locator("#blame .fresh")
    page.locator("#blame li .spare").first.click()
    page.wait_for_selector("#blame .again", state="visible")
    assert fresh.text_content() == "", "nothing was asked again yet"
    expect(page.locator("#blame .again")).to_be_in_viewport(ratio=1)
    page.click("#blame .again")
    page.wait_for_selector("#blame .fresh:is([data-state=right], [data-state=wrong])")
    expect(fresh).to_be_in_viewport(ratio=1)
    expect(page.locator("#blame .spared")).to_be_in_viewport(ratio=1)
    dense, pruned = page.locator("#answers .answer").all_text_contents()[:2]
    assert pruned in fresh.text_content()
    assert fresh.get_attribute("data-state") == ("right" if pruned == dense else "wrong")
    aim(page, 84)
    expect(fresh).to_have_text("")


def test_what_a_block_costs_when_restored_is_blue_on_the_map_and_in_the_list(demo_page):
    page = demo_page.page
    start(page)
    aim(page, 85)
    explained(page)
    fills = page.evaluate(
        "() => { const view = ecoflap.views.blame, { layers } = ecoflap.state.grid;"
        " const { values } = ecoflap.state.blame, [one, other, third] = Object.keys(values);"
        " for (const block in values) values[block] = { [one]: 0.5, [other]: -0.4 }[block] ?? 0;"
        " ecoflap.looks.measure();"
        " const first = (block) => layers.findIndex((layer) => layer.block === block);"
        " const fills = [one, other, third].map((block) => view.shade(first(block)).fill);"
        " return { fills, ends: view.ends(), text: view.text(first(other)) }; }"
    )
    assert len(set(fills["fills"])) == 3
    red, _, blue = (int(value) for value in fills["fills"][1][4:-1].split(","))
    assert blue > red
    assert fills["text"] == "−40%" and fills["ends"] == ["50% worse", "wins 50% back"]
    # The list folds away all but the first ten, and what is folded has no width.
    page.evaluate("document.querySelectorAll('#blame details').forEach((folded) => (folded.open = true))")
    harmed = page.locator("#blame li").filter(has=page.locator(".bar i.harm"))
    for item in harmed.all():
        assert item.locator(".share").text_content().startswith("−")
        assert item.locator(".bar i").evaluate("(node) => node.getBoundingClientRect().width") > 0


def test_an_answer_that_pruning_left_alone_has_nobody_to_blame(demo_page):
    page = demo_page.page
    start(page)
    aim(page, 0)
    explained(page)
    assert "nothing to blame" in page.locator("#blame .story").text_content()
    assert page.locator("#blame li").count() == 0 and page.evaluate("ecoflap.state.blame") is None


def test_a_narrow_page_holds_both(demo_page):
    page = demo_page.page
    start(page)
    page.set_viewport_size({"width": 390, "height": 844})
    aim(page, 85)
    climbed(page, "uniform")
    explained(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in ("#ladder", "#blame"):
        assert page.locator(part).evaluate("(node) => node.scrollWidth <= node.clientWidth")


def test_a_double_click_is_one_wish_and_its_result_comes(demo_page):
    page = demo_page.page
    start(page)
    page.dblclick("#ladder [data-action=climb]")
    page.wait_for_selector("#ladder .mount[data-state=done] .plot")
    page.dblclick("#ladder [data-action=explain]")
    page.wait_for_selector("#blame .mount[data-state=done] .result:not([hidden])")
    said = page.evaluate(
        "const click = () => document.querySelector('#ladder [data-action=climb]').click(); click(); click();"
        "document.querySelector('#ladder .waiting').textContent"
    )
    assert said == "Starting …"
    page.wait_for_selector("#ladder .mount[data-state=done] .plot")


def test_under_a_pattern_no_block_can_be_spared_and_it_says_why(demo_page):
    page = demo_page.page
    start(page)
    aim(page, 85)
    explained(page)
    first = page.locator("#blame li").first
    first.locator(".spare").click()
    page.wait_for_selector(f"#blame .mount[data-spared='{first.get_attribute('data-block')}']")
    page.evaluate("ecoflap.restore({...ecoflap.snapshot(), pattern: '2:4'})")
    page.wait_for_selector("#blame .reason", state="visible")
    assert "2:4" in page.locator("#blame .reason").text_content()
    assert page.locator("#blame li .spare:enabled").count() == 0
    assert first.locator(".spare").text_content() == "Spare this block"
    assert page.locator("#blame .mount").get_attribute("data-spared") == ""
    page.evaluate("ecoflap.restore({...ecoflap.snapshot(), pattern: 'unstructured'})")
    page.wait_for_selector("#blame .reason", state="hidden")
    assert first.locator(".spare").text_content() == "Kept whole"
