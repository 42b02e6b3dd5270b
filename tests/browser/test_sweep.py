"""Methods over targets in a real browser: the chart fills, tells its numbers, loads recipes, and leaves as files."""

from pathlib import Path

from playwright.sync_api import expect

from ecoflap.sweep_file import points_at

STATE = "#sweep .mount[data-state={}]"


def chosen(page, *allocators, targets="50, 80", questions=20):
    page.wait_for_selector("#status .chip.ready")
    for box in page.locator("#sweep form > fieldset input").all():
        box.set_checked(box.get_attribute("value") in allocators)
    page.locator("#sweep [name=targets]").fill(targets)
    page.locator("#sweep [name=questions]").fill(str(questions))


def measured(page, *allocators, **settings):
    chosen(page, *allocators, **settings)
    page.click("#sweep form .primary")
    page.wait_for_selector(STATE.format("done"))


def spot(page, allocator, percent):
    return page.locator(f"#sweep .chart button[data-spot='wanda {allocator} {percent}']")


def test_the_chart_fills_and_tells_its_numbers(demo_page):
    page = demo_page.page
    page.evaluate(
        "const count = () => document.querySelectorAll('#sweep .chart button').length;"
        "window.seen = []; new MutationObserver(() => seen.push(count()))"
        ".observe(document.querySelector('#sweep'), {childList: true, subtree: true})"
    )
    measured(page, "uniform", "response")
    assert {1, 2, 3, 4} <= set(page.evaluate("seen")), "the chart came in one piece"
    rows = page.locator("#sweep .summary tbody tr")
    assert rows.count() == 2 and page.locator("#sweep .legend > span").count() == 3
    spot(page, "response", 80).hover()
    detail = page.locator("#sweep .detail")
    expect(detail.locator("h4")).to_have_text("Response at 80%")
    told = detail.text_content()
    assert "Achieved sparsity: 80.0" in told and "captions:" in told and "click on the mark loads" in told
    page.click("#sweep .numbers summary")
    lines = page.locator("#sweep .numbers tbody tr").all_text_contents()
    assert len(lines) == 5 and lines[0].startswith("dense model")
    with page.expect_download() as download:
        page.get_by_text("Save as CSV").and_(page.locator("#sweep button")).click()
    assert download.value.suggested_filename == "ecoflap-sweep.csv"
    path = Path(download.value.path())
    points = points_at(path)
    assert [point.allocator for point in points.values()] == ["dense", "response", "uniform", "response", "uniform"]
    accuracy = {(point.allocator, point.target): point.accuracy for point in points.values()}
    assert f"Right: {accuracy['response', 0.8]:.1%}" in told


def test_a_click_loads_the_recipe_and_other_settings_make_it_stale(demo_page):
    page = demo_page.page
    measured(page, "uniform")
    expect(page.locator("#sweep .mount")).to_have_attribute("data-stale", "false")
    spot(page, "uniform", 80).click()
    demo_page.confirmed(80)
    assert demo_page.target() == 80 and page.evaluate("ecoflap.state.table.knobs.allocator") == "uniform"
    expect(page.locator("#sweep .mount")).to_have_attribute("data-stale", "false")
    page.evaluate("ecoflap.restore({...ecoflap.snapshot(), margin: 20})")
    expect(page.locator("#sweep .mount")).to_have_attribute("data-stale", "true")
    expect(page.locator("#sweep .stale")).to_be_visible()


def test_stopping_keeps_what_is_there_and_the_rest_is_measured_later(demo_page):
    page = demo_page.page
    chosen(page, "uniform", "response", "ecoflap", targets="30 40 50 60 70 80", questions=100)
    page.click("#sweep form .primary")
    page.wait_for_selector("#sweep .chart button")
    page.click("#sweep .stop")
    page.wait_for_selector(STATE.format("stopped"))
    kept = page.locator("#sweep .chart button").count()
    assert 1 <= kept < 18 and "stays" in page.locator("#sweep .waiting").text_content()
    expect(page.get_by_text("Save as CSV").and_(page.locator("#sweep button"))).to_be_visible()


def test_the_keyboard_reaches_every_point(demo_page):
    page = demo_page.page
    measured(page, "uniform", "ecoflap")
    page.locator("#sweep .chart button[tabindex='0']").focus()
    seen = set()
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowUp", "ArrowDown"):
        seen.add(page.evaluate("document.activeElement.dataset.spot"))
        page.keyboard.press(key)
    assert len(seen) >= 3 and None not in seen
    assert page.locator("#sweep .chart button[tabindex='0']").count() == 1
    focused = page.evaluate("document.activeElement.dataset.spot")
    page.keyboard.press("Enter")
    demo_page.confirmed(int(focused.split()[-1]))


def test_what_cannot_be_measured_is_said_before_it_is_asked(demo_page):
    page = demo_page.page
    chosen(page, "uniform")
    problem, start = page.locator("#sweep form .problem"), page.locator("#sweep form .primary")
    expect(page.locator("#sweep .cost")).to_have_text("Points: 2, each of 20 questions")
    for name, value, words in (
        ("targets", "50, 99", "50, 99"),
        ("targets", "half", "half"),
        ("questions", "0", "from 1 to 1,000"),
        ("questions", "1001", "from 1 to 1,000"),
    ):
        field = page.locator(f"#sweep [name={name}]")
        before = field.input_value()
        field.fill(value)
        expect(problem).to_contain_text(words)
        expect(start).to_be_disabled()
        field.fill(before)
        expect(problem).to_be_hidden()
    page.evaluate("ecoflap.restore({...ecoflap.snapshot(), pattern: '2:4'})")
    expect(problem).to_contain_text("pattern")
    expect(start).to_be_disabled()


def test_points_that_were_measured_before_are_there_at_once(demo_page, demo):
    page = demo_page.page
    measured(page, "uniform", targets="50")
    assert page.locator("#sweep .cost").text_content().startswith("Points: 1, each of 20 questions, about")
    measured(page, "uniform", "erk", targets="50")
    assert page.locator("#sweep .chart button").count() == 2
