"""Pictures, questions, answers: what the page shows, when it calls them out of date, and what it says to bad input."""

import base64
import io
import threading

import pytest
from PIL import Image

from tests.browser.conftest import Watched, serve
from tests.ui.fakes import FakeExplorer


def ask(opened) -> None:
    opened.page.click("#ask")
    opened.page.wait_for_selector("#answers .mount[data-state=done]")


def problem(opened, place: str) -> str:
    sentence = opened.page.locator(f"{place} .problem")
    sentence.wait_for(state="visible")
    return sentence.text_content()


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def upload(opened, name: str, data: bytes) -> None:
    with opened.page.expect_file_chooser() as chooser:
        opened.page.click("#upload")
    chooser.value.set_files({"name": name, "mimeType": "image/png", "buffer": data})


def test_both_answers_side_by_side_with_marked_words_and_probabilities(opened, explorer):
    page = opened.page
    ask(opened)
    answers = page.locator("#answers .answer")
    assert answers.all_text_contents() == ["a red circle", "a red square"]
    assert page.locator("#answers mark").all_text_contents() == ["circle", "square"]
    assert page.locator("#answers .token b").all_text_contents() == ["99%", "90%", "80%", "90%", "60%", "30%"]
    assert explorer.questions[0][0] == (256, 256)


def test_answers_are_stale_as_soon_as_the_recipe_moves_on_and_fresh_when_it_returns(opened, explorer):
    page = opened.page
    ask(opened)
    mount = page.locator("#answers .mount")
    assert mount.get_attribute("data-stale") == "false"
    opened.drag(75, release=False)
    page.wait_for_selector("#answers .mount[data-stale=true]")
    assert "50%" in page.locator("#answers .stale").text_content()
    page.mouse.up()
    page.click("#reset")
    page.wait_for_selector("#answers .mount[data-stale=false]")
    page.locator("#allocator").get_by_text("Uniform:").click()
    page.wait_for_selector("#answers .mount[data-stale=true]")
    assert explorer.calls["ask"] == 1, "an answer was rerun without being asked"


def test_a_suggestion_fills_the_question_and_a_new_scene_brings_its_own(opened, explorer):
    page = opened.page
    chips = page.locator("#chips .suggestion")
    first = chips.all_text_contents()
    chips.nth(1).click()
    assert page.locator("#question textarea").input_value() == first[1]
    ask(opened)
    assert explorer.questions[-1][1] == first[1]
    picture = page.locator("#picker .shown").get_attribute("src")
    page.click("#new-scene")
    page.wait_for_function("(old) => document.querySelector('#picker .shown').src !== old", arg=picture)
    page.wait_for_selector("#answers .mount[data-state=empty]")
    assert len(chips.all_text_contents()) >= 3


def test_examples_can_be_chosen(opened):
    page = opened.page
    picture = page.locator("#picker .shown").get_attribute("src")
    page.locator("#picker .thumb").nth(3).click()
    page.wait_for_function("(old) => document.querySelector('#picker .shown').src !== old", arg=picture)
    assert page.locator("#picker .thumb").nth(3).get_attribute("aria-pressed") == "true"


def test_a_photograph_gets_the_plain_word_and_the_way_to_a_real_model(opened, explorer):
    upload(opened, "holiday.png", png(300, 200))
    note = opened.page.locator("#picker .note")
    note.wait_for(state="visible")
    assert "drawn shapes only" in note.text_content() and "python app.py --model" in note.text_content()
    ask(opened)
    assert explorer.questions[-1][0] == (300, 200)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [("broken.png", png(64, 64)[:40], "broken.png"), ("huge.png", png(13_300, 13_300), "13300 x 13300")],
)
def test_a_bad_picture_is_one_sentence_and_the_old_one_stays(opened, name, data, words):
    page = opened.page
    picture = page.locator("#picker .shown").get_attribute("src")
    upload(opened, name, data)
    assert words in problem(opened, "#picker")
    assert page.locator("#picker .shown").get_attribute("src") == picture
    ask(opened)


def test_an_empty_question_is_one_sentence_and_the_page_goes_on(opened):
    page = opened.page
    page.locator("#question textarea").fill("  ")
    page.click("#ask")
    page.wait_for_selector("#answers .mount[data-state=error]")
    assert problem(opened, "#answers").endswith(".")
    page.locator("#chips .suggestion").first.click()
    ask(opened)


def test_a_target_above_the_cap_is_one_sentence_where_the_answer_would_be(opened):
    page = opened.page
    page.get_by_text("Fixed value").click()
    page.wait_for_selector("#cap input[type=range]")
    opened.drag(90)
    page.click("#ask")
    page.wait_for_selector("#answers .mount[data-state=error]")
    assert "above the cap" in problem(opened, "#answers")


def test_a_drawing_reaches_the_model(opened, explorer):
    page = opened.page
    page.click("#editor summary")
    page.locator("#editor .swatch").nth(2).click()
    board = page.locator("#editor .board")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    for x, y in ((200, 60), (200, 200), (60, 200)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.mouse.up()
    page.click("#editor .primary")
    page.wait_for_function("document.querySelector('#picker .words').textContent === 'Your drawing.'")
    source = page.locator("#picker .shown").get_attribute("src")
    drawing = Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))).convert("RGB")
    middle = drawing.getpixel((drawing.width * 38 // 100, drawing.height * 38 // 100))
    assert middle[2] > 180 > middle[0], "the outline was not filled with blue"
    assert drawing.getpixel((2, 2)) == (255, 255, 255)
    ask(opened)
    assert explorer.questions[-1][0] == (256, 256)


def test_whoever_asks_before_the_model_is_there_waits_with_a_word(chromium):
    explorer = FakeExplorer(loaded=False)
    blocks, url = serve(explorer)
    page = chromium.new_page()
    watched = Watched(page, url)
    assert "Loading" in page.locator("#status .chip").text_content()
    watched.drag(30)
    watched.confirmed(watched.target())
    page.click("#ask")
    page.wait_for_selector("#answers .mount[data-state=busy]")
    assert "still loading" in page.locator("#answers .busy").text_content()
    explorer.loaded.set()
    page.wait_for_selector("#answers .mount[data-state=done]")
    page.wait_for_selector("#status .chip.ready")
    page.close()
    blocks.close()
    assert watched.errors == []


def test_names_and_answers_from_elsewhere_are_text_and_never_markup(chromium):
    explorer = FakeExplorer()
    explorer.name = "<img src=x onerror=window.hacked=1>"
    blocks, url = serve(explorer)
    page = chromium.new_page()
    watched = Watched(page, url)
    page.locator("#question textarea").fill("<img src=x onerror=window.hacked=1>")
    ask(watched)
    assert "<img" in page.locator("#answers .asked").text_content()
    assert "<img" in page.locator("#status .model").text_content()
    assert page.evaluate("window.hacked") is None
    page.close()
    blocks.close()


def test_of_the_picture_before_nothing_is_said_under_the_new_one(opened, explorer):
    page = opened.page
    explorer.saying = threading.Semaphore(1)
    page.click("#ask")
    page.wait_for_selector("#answers .mount[data-state=saying]")
    page.click("#new-scene")
    page.wait_for_selector("#answers .mount[data-state=empty]")
    page.evaluate(
        """() => {
          const mount = document.querySelector("#answers .mount");
          window.seen = [];
          const note = () => window.seen.push(mount.dataset.state);
          new MutationObserver(note).observe(mount, { attributeFilter: ["data-state"] });
        }"""
    )
    page.click("#ask")  # at once, while the question before still ends
    explorer.saying.release(99)
    page.wait_for_selector("#answers .mount[data-state=done]")
    assert "stopped" not in page.evaluate("window.seen")
    assert page.evaluate("window.ecoflap.state.answers.state") == "done" and explorer.calls["ask"] == 2
