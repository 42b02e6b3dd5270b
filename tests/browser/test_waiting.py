"""Several people at once, each in a browser context of their own: who waits sees how many are before them."""

import threading

import pytest

from tests.browser.conftest import Watched, serve
from tests.ui.fakes import FakeExplorer


@pytest.fixture
def people(chromium):
    """Three pages over one model that says a word whenever `saying` is released."""
    explorer = FakeExplorer()
    explorer.saying = threading.Semaphore(0)
    blocks, url = serve(explorer)
    contexts = [chromium.new_context(viewport={"width": 1100, "height": 800}) for _ in range(3)]
    found = [Watched(context.new_page(), url + path) for context, path in zip(contexts, ("", "", "zh"))]
    yield explorer, found
    for context in contexts:
        context.close()
    explorer.saying.release(1000)
    blocks.close()
    assert [person.errors for person in found] == [[], [], []]


def ask(person, question):
    person.page.locator("#question textarea").fill(question)
    person.page.locator("#ask").click()


def test_the_place_in_line_shows_moves_up_and_ends_with_the_answer(people):
    explorer, (first, second, third) = people
    ask(first, "What is first?")
    first.page.wait_for_selector("#answers .mount[data-state=saying]")
    ask(second, "What is second?")
    second.page.get_by_text("One person is before you").wait_for()
    ask(third, "What is third?")
    third.page.wait_for_selector("#answers .busy >> text=2")
    # Who waits may leave, and the next one moves up.
    second.page.locator("#ask-stop").click()
    second.page.wait_for_selector("#answers .mount[data-state=empty]")
    third.page.wait_for_function("() => !document.querySelector('#answers .busy').textContent.includes('2')")
    explorer.saying.release(1000)
    for person in (first, third):
        person.page.wait_for_selector("#answers .mount[data-state=done]")
    assert [question for _, question, _ in explorer.questions] == ["What is first?", "What is third?"]
