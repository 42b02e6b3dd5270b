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
          const rungs = [{ percent: 0, answer: "red", same: true }, { percent: 60, answer: "blue", same: false }];
          ecoflap.state.ladder = { question: "?", dense: "red", strips: [{ allocator: "ecoflap", rungs }] };
          ecoflap.tell();
        }"""
    )
    answer = page.locator("#play .answer")
    assert "At 50% it answers: “red”" in answer.text_content() and "measured at 0%" in answer.text_content()
    opened.drag(80)
    opened.shown(opened.target())
    assert "“blue”" in answer.text_content() and "measured at 60%" in answer.text_content()
    page.locator("#allocator").get_by_text("Uniform:").click()
    answer.wait_for(state="hidden")


def test_space_on_the_map_plays_and_pauses(opened):
    page = opened.page
    page.locator("#map canvas.chart").focus()
    page.keyboard.press("Space")
    page.wait_for_selector("#play .mount[data-playing=true]")
    page.keyboard.press("Space")
    page.wait_for_selector("#play .mount[data-playing=false]")
