"""Play: the target runs by itself, everything follows, and Python hears of it once."""

import pytest

SHOWN = "document.querySelector('#map canvas.chart').dataset.shown"


@pytest.fixture
def play(opened):
    opened.page.get_by_role("button", name="2×").click()
    return opened


def button(page):
    return page.locator("#play .start")


def start_at(watched, percent: int) -> None:
    """Put the slider there by the keyboard, and wait until it is committed."""
    slider = watched.page.locator("#target input[type=range]")
    slider.focus()
    for _ in range(abs(percent - watched.target())):
        watched.page.keyboard.press("ArrowRight" if percent > watched.target() else "ArrowLeft")
    watched.confirmed(percent)


def test_map_headline_and_thumb_run_together_and_pausing_commits_once(play, explorer):
    page = play.page
    asked = explorer.calls["allocate"]
    button(page).click()
    page.wait_for_function(f"Number({SHOWN}) >= 55")
    together = page.evaluate(
        f"""[Number({SHOWN}), Number(document.querySelector('#target input[type=range]').value),
             parseInt(document.querySelector('#headline .big').textContent)]"""
    )
    assert len(set(together)) == 1
    assert play.commits() == [] and explorer.calls["allocate"] == asked
    button(page).click()
    page.wait_for_selector("#play .mount[data-playing=false]")
    percent = play.target()
    play.confirmed(percent)
    assert play.commits() == [percent]


def test_it_ends_at_95_with_one_commit_and_then_starts_from_0(play):
    page = play.page
    start_at(play, 90)
    before = len(play.commits())
    button(page).click()
    page.wait_for_selector("#play .mount[data-playing=true]")
    page.wait_for_selector("#play .mount[data-playing=false]")
    play.confirmed(95)
    assert play.commits()[before:] == [95]
    button(page).click()
    page.wait_for_function(f"Number({SHOWN}) < 20")


def test_loop_goes_on_from_the_start(play):
    page = play.page
    page.get_by_role("button", name="Loop").click()
    start_at(play, 92)
    button(page).click()
    page.wait_for_function(f"Number({SHOWN}) < 20")
    assert page.locator("#play .mount").get_attribute("data-playing") == "true"


def test_a_hand_on_the_slider_takes_over(play):
    page = play.page
    button(page).click()
    page.wait_for_function(f"Number({SHOWN}) > 51")
    page.focus("#target input[type=range]")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#play .mount[data-playing=false]")
    percent = play.target()
    play.confirmed(percent)
    assert play.commits() == [percent]
    play.drag(30)
    percent = play.target()
    play.confirmed(percent)
    assert play.commits()[1:] == [percent]


def test_it_stops_at_the_cap(play):
    page = play.page
    page.get_by_text("Fixed value").click()
    page.wait_for_function("document.querySelector('#map canvas.chart').dataset.table.includes('=0.6')")
    button(page).click()
    page.wait_for_selector("#play .mount[data-playing=true]")
    page.wait_for_selector("#play .mount[data-playing=false]")
    play.confirmed(60)
    assert play.target() == 60


def test_a_pattern_leaves_nothing_to_play(opened):
    page = opened.page
    page.locator("#pattern label", has_text="2:4").click()
    page.wait_for_function("document.querySelector('#play .start').disabled")
    assert "pattern" in button(page).get_attribute("title")


def test_less_motion_means_larger_steps(opened):
    page = opened.page
    page.emulate_media(reduced_motion="reduce")
    button(page).click()
    page.wait_for_function(f"Number({SHOWN}) >= 60")
    button(page).click()
    assert int(page.evaluate(SHOWN)) % 5 == 0


def test_the_answer_of_the_highest_measured_rung_is_shown(opened):
    page = opened.page
    page.evaluate(
        """() => {
          const rungs = [{ percent: 0, answer: "", same: true }, { percent: 60, answer: "blue", same: false }];
          const strips = [{ allocator: "ecoflap", rungs }];
          ecoflap.state.ladder = { question: "Which?", dense: "", strips, percents: [0, 10], state: "done" };
          ecoflap.tell();
        }"""
    )
    answer = page.locator("#play .answer")
    assert answer.text_content() == "Last measured, at 0%: (no words), as the dense model says."
    assert page.locator("#play .question").text_content() == "“Which?”"
    opened.drag(80)
    opened.shown(opened.target())
    assert answer.text_content() == "Last measured, at 60%: “blue”, unlike the dense model."


def test_without_a_breaking_point_it_says_what_to_do_first_and_leads_there(opened):
    page = opened.page
    page.get_by_role("button", name="Find the breaking point first").click()
    assert page.evaluate("document.activeElement.dataset.action") == "climb"


# Of the rail at every step of Play: the target that is shown, what is heard, and where the part below it begins.
WATCH = """() => {
  window.heard = [];
  const [pin, rail, answer] = ['#pin', '#rail', '#play .answer'].map((name) => document.querySelector(name));
  const top = () => Math.round(pin.getBoundingClientRect().top + rail.scrollTop);
  ecoflap.on(pin, () => ecoflap.state.playing && heard.push([ecoflap.state.row, answer.textContent, top()]));
}"""


def test_a_breaking_point_that_was_found_is_heard_while_it_plays(demo_page):
    page = demo_page.page
    page.wait_for_selector("#status .chip.ready")
    question = "Is the purple circle above the big red object?"
    page.locator("#question textarea").fill(question)
    page.click("#ladder [data-action=climb]")
    page.wait_for_selector("#ladder .mount[data-state=done] .plot")
    rungs = page.evaluate("ecoflap.state.ladder.strips[0].rungs")
    page.evaluate("scrollTo(0, 0); ecoflap.restore({...ecoflap.snapshot(), percent: 0})")
    page.wait_for_selector("#map canvas.chart[data-shown='0']")
    assert page.locator("#play .question").text_content() == f"“{question}”"
    page.get_by_role("button", name="2×").click()
    page.evaluate(WATCH)
    button(page).click()
    page.wait_for_selector("#play .mount[data-playing=true]")
    page.wait_for_selector("#play .mount[data-playing=false]")
    heard = page.evaluate("heard")
    for percent, words, _ in heard:
        last = max((rung for rung in rungs if rung["percent"] <= percent), key=lambda rung: rung["percent"])
        answer = f"“{last['answer']}”" if last["answer"] else "(no words)"
        assert words.startswith(f"Last measured, at {last['percent']}%: {answer}, ")
        assert words.endswith("as the dense model says." if last["same"] else "unlike the dense model.")
    right, wrong = ({words for _, words, _ in heard if end in words} for end in ("as the dense", "unlike the dense"))
    assert right and wrong, "the answer did not change while it played"
    assert len({top for *_, top in heard}) == 1, "the rail moved"
    page.evaluate("ecoflap.restore({...ecoflap.snapshot(), margin: 20})")
    page.wait_for_selector("#ladder .mount[data-stale=true]")
    page.wait_for_selector("#play .answer:has-text('belongs to other settings')")


def test_on_a_phone_the_answer_stands_by_the_slider(demo_page):
    page = demo_page.page
    page.set_viewport_size({"width": 390, "height": 844})
    answer, rail = page.locator("#play .answer"), page.locator("#rail")
    assert answer.is_visible() and rail.evaluate("(node) => node.scrollHeight <= node.clientHeight")
    slider, start = page.locator("#target input[type=range]").bounding_box(), button(page).bounding_box()
    assert slider["width"] > 150 and abs(start["y"] - slider["y"]) < 30
    assert start["x"] > slider["x"] + slider["width"] - 2
    assert page.locator("#play .heard").bounding_box()["width"] > 300


def test_space_on_the_map_plays_and_pauses(opened):
    page = opened.page
    page.locator("#map canvas.chart").focus()
    page.keyboard.press("Space")
    page.wait_for_selector("#play .mount[data-playing=true]")
    page.keyboard.press("Space")
    page.wait_for_selector("#play .mount[data-playing=false]")
