"""The whole product as a new user starts it: `python app.py`, the embedded model, a real mouse, two real answers."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Watched

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The page of an app.py in a process of its own, without any option but the port; it says when it is open."""
    port = free_port()
    command = [sys.executable, "-u", "app.py", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert f":{port}" in process.stdout.readline(), "the page did not open"
        yield f"http://127.0.0.1:{port}/"
        process.terminate()


@pytest.fixture
def page(chromium, address) -> Iterator[Watched]:
    tab = chromium.new_page(viewport={"width": 1440, "height": 900})
    tab.set_default_timeout(120_000)
    watched = Watched(tab, address)
    yield watched
    tab.close()
    assert watched.errors == []
    assert watched.outside == []


def ask(page: Watched) -> list[str]:
    page.page.click("#ask")
    page.page.wait_for_selector("#answers .mount[data-state=done][data-stale=false]")
    return page.page.locator("#answers .answer").all_text_contents()


def test_drag_the_slider_see_the_figures_follow_ask_and_see_both_answers(page):
    tab = page.page
    before = tab.locator("#map canvas").get_attribute("data-first")
    page.drag(20, 90)
    percent = page.target()
    page.confirmed(percent)
    assert page.commits() == [percent]
    assert tab.locator("#map canvas").get_attribute("data-first") != before
    achieved = tab.locator("#strip [data-role=achieved]").text_content()
    assert abs(float(achieved.rstrip("%")) - percent) < 0.1
    tab.wait_for_function(f"document.querySelector('#skyline').textContent.includes('target {percent}%')")
    tab.locator("#question textarea").fill("What colour is the circle?")
    tab.wait_for_selector("#status .chip.ready")
    dense, pruned = ask(page)
    assert dense == "purple"
    assert pruned != dense, "at 90% the model should have forgotten this"
    assert tab.locator("#answers .card").first.locator(".token").count() == 1
    page.drag(10)
    tab.wait_for_selector("#answers .mount[data-stale=true]")
    page.confirmed(page.target())
    assert ask(page) == ["purple", "purple"]


def test_two_people_do_not_see_each_other(chromium, address, page):
    other = Watched(chromium.new_page(viewport={"width": 390, "height": 844}), address)
    page.drag(20)
    page.confirmed(page.target())
    assert other.target() == 50
    assert other.page.evaluate("document.documentElement.scrollWidth") <= 390
    other.page.close()
