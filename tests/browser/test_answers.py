"""Answers on the page: told word by word, where they part, surprise, a pinned third column, out of date, stopped."""

import threading

import pytest
from playwright.sync_api import expect

from ecoflap.models.kinds import Description
from tests.browser.conftest import Watched, serve
from tests.ui.fakes import FakeExplorer


def ask(opened) -> None:
    opened.page.click("#ask")
    opened.page.wait_for_selector("#answers .mount[data-state=done]")


def side(page, name):
    return page.locator(f"#answers [data-side={name}]")


def says(page, name, text):
    """Wait until a column says exactly this."""
    page.wait_for_function(
        "([name, text]) => document.querySelector(`#answers [data-side=${name}] .answer`)?.textContent === text",
        arg=[name, text],
    )


def test_the_words_appear_as_the_model_makes_them_dense_first(opened, explorer):
    page = opened.page
    explorer.saying = threading.Semaphore(0)
    assert not page.locator("#ask-stop").is_visible()
    page.click("#ask")
    for text in ("thinking …", "a", "a red", "a red circle"):
        says(page, "dense", text)
        assert side(page, "pruned").locator(".answer").text_content() in ("comes next", "thinking …")
        assert page.locator("#answers .mount").get_attribute("data-state") == "saying"
        explorer.saying.release()
    for text in ("a", "a red", "a red square"):
        says(page, "pruned", text)
        explorer.saying.release()
    page.wait_for_selector("#answers .mount[data-state=done]")
    assert page.locator("#answers .voice").text_content() == "Dense model: a red circle. Pruned model: a red square."
    assert not page.locator("#ask-stop").is_visible()


def test_stop_ends_the_answer_and_keeps_what_was_said(opened, explorer):
    page = opened.page
    explorer.saying = threading.Semaphore(2)
    page.click("#ask")
    says(page, "dense", "a red")
    page.click("#ask-stop")
    explorer.saying.release(9)
    page.wait_for_selector("#answers .mount[data-state=stopped]")
    assert page.locator("#answers .answer").all_text_contents() == ["a red", "(not asked)"]
    assert "Stopped." in page.locator("#answers .stopped").text_content()
    explorer.saying = None
    ask(opened)
    says(page, "pruned", "a red square")


def test_where_they_part_is_named_and_marked_and_surprise_is_given(opened):
    page = opened.page
    ask(opened)
    assert side(page, "pruned").locator(".parting").text_content() == (
        "They part at word 3: “circle” (dense 80%) against “square” (pruned 30%)."
    )
    for name, word in (("dense", "circle"), ("pruned", "square")):
        assert side(page, name).locator("[data-parts=true] .word").all_text_contents() == [word]
    sentence = "Loss of the dense answer: 0.42 nats per token (dense model: 0.01)."
    assert side(page, "pruned").locator(".surprise p").text_content() == sentence
    assert "0.01 nats" in side(page, "dense").locator(".surprise p").text_content()
    widths = page.locator("#answers .surprise .bar i").evaluate_all("nodes => nodes.map((node) => node.offsetWidth)")
    assert widths[0] < widths[1] / 5
    notes = page.locator("#answers .notes").text_content()
    for part in ("Greedy decoding", "at most 64 new tokens", "an even chance", "not a measurement of accuracy"):
        assert part in notes


def test_only_words_that_were_less_sure_show_their_number(opened):
    page = opened.page
    ask(opened)
    shown = page.locator("#answers .token b").evaluate_all("nodes => nodes.map((node) => node.offsetWidth > 0)")
    assert shown == [False, False, True, False, True, True]
    assert "with probability 99.0%" in page.locator("#answers .token").first.get_attribute("title")


def test_the_same_question_again_comes_from_before_and_says_so(opened):
    page = opened.page
    ask(opened)
    assert "0.25 s" in side(page, "dense").locator(".how").text_content()
    page.click("#ask")
    page.wait_for_function("document.querySelector('#answers [data-side=pruned] .how')?.textContent.includes('before')")
    assert "kept from before" in side(page, "dense").locator(".how").text_content()


def pin(opened) -> None:
    with opened.page.expect_request(lambda request: "pin" in (request.post_data or "")):
        opened.page.evaluate("window.ecoflap.pin()")


def moved(opened, percent) -> int:
    """Drag the target; where it came to stand."""
    opened.drag(percent)
    found = opened.target()
    opened.confirmed(found)
    return found


def test_a_pinned_recipe_is_asked_too_and_goes_out_of_date_by_itself(opened):
    page = opened.page
    first = moved(opened, 20)
    pin(opened)
    second = moved(opened, 60)
    ask(opened)
    assert page.locator("#answers h3").all_text_contents() == [
        "Dense model",
        f"Pruned model (B)at {second}%",
        f"Pinned Aat {first}%",
    ]
    assert page.locator("#answers .answer").all_text_contents() == ["a red circle", "a red square", "a red circle"]
    assert "same answer" in side(page, "pinned").locator(".alike").text_content()

    def stale():
        return [side(page, name).get_attribute("data-stale") for name in ("dense", "pruned", "pinned")]

    assert stale() == ["false"] * 3
    moved(opened, 70)
    assert stale() == ["false", "true", "false"]
    pin(opened)
    assert stale() == ["false", "true", "true"]
    assert "another recipe is pinned" in side(page, "pinned").locator(".stale").text_content()
    page.evaluate("window.ecoflap.unpin()")
    page.wait_for_function(
        "document.querySelector('#answers [data-side=pinned] .stale').textContent.includes('no longer')"
    )
    ask(opened)
    expect(page.locator("#answers [data-side]")).to_have_count(2)


def test_three_columns_beside_each_other_on_a_desk_and_below_each_other_on_a_phone(opened):
    page = opened.page
    pin(opened)
    moved(opened, 60)
    ask(opened)
    places = "nodes => nodes.map((node) => [node.getBoundingClientRect().left, node.getBoundingClientRect().top])"
    wide = page.locator("#answers [data-side]").evaluate_all(places)
    assert wide[0][0] < wide[1][0] < wide[2][0] and len({top for _, top in wide}) == 1
    page.set_viewport_size({"width": 390, "height": 844})
    narrow = page.locator("#answers [data-side]").evaluate_all(places)
    assert narrow[0][1] < narrow[1][1] < narrow[2][1] and len({left for left, _ in narrow}) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("kind", ["classifier", "zero-shot"])
def test_labels_keep_their_bars_and_say_how_surprising_the_dense_label_is(chromium, kind):
    explorer = FakeExplorer(is_demo=False)
    explorer.described = Description(kind, ("a red circle", "a red square"))
    blocks, url = serve(explorer)
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    watched = Watched(page, url)
    ask(watched)
    assert page.locator("#answers .choices").count() == 2 and page.locator("#answers .parting").count() == 0
    assert (
        "of the dense label: 0.42 nats (dense model: 0.01)" in side(page, "pruned").locator(".surprise").text_content()
    )
    page.close()
    blocks.close()
    assert watched.errors == []


def test_the_demo_answers_word_by_word_and_the_last_is_what_it_would_say_at_once(demo_page, demo):
    page = demo_page.page
    page.evaluate(
        """() => {
            window.heard = new Set();
            const said = () => document.querySelector('#answers [data-side=dense] .answer')?.textContent;
            const note = () => window.heard.add(said());
            new MutationObserver(note).observe(document.querySelector('#answers'), { childList: true, subtree: true });
        }"""
    )
    page.locator("#question textarea").fill("Describe the picture.")
    ask(demo_page)
    final = side(page, "dense").locator(".answer").text_content()
    heard = page.evaluate("[...window.heard].filter(Boolean)")
    assert final in heard and sum(final.startswith(text) for text in heard) > 1
    words = len(side(page, "dense").locator(".token").all_text_contents())
    assert words >= len(final.split()) > 5
