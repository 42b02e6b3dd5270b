"""One page in two languages: the reader's own by default, a switch that keeps everything, no English in Chinese."""

import threading
from collections.abc import Iterator

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI

from ecoflap.texts import say
from ecoflap.ui import build, launch_options
from tests.browser.conftest import Watched, free_port, serve
from tests.browser.reading import english, said
from tests.ui.fakes import FakeExplorer

READY = "#map canvas[data-cells]"
SWITCH = "#status .language"


def landed(page, path: str) -> None:
    """Wait until the page of `path` is there."""
    page.wait_for_function("(path) => location.pathname === path", arg=path)
    page.wait_for_selector(READY)
    page.wait_for_selector(SWITCH)


@pytest.fixture
def chinese(chromium, demo) -> Iterator[Watched]:
    """The page over the embedded model, opened by a browser that speaks Chinese."""
    blocks, url = serve(demo)
    context = chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    watched = Watched(context.new_page(), url)
    yield watched
    context.close()
    blocks.close()
    assert watched.errors == []


def test_the_browser_s_language_is_the_page_s_until_another_one_is_chosen(chromium):
    blocks, url = serve(FakeExplorer())
    context = chromium.new_context(locale="zh-CN")
    try:
        page = context.new_page()
        page.goto(f"{url}?target=62#tail")
        landed(page, "/zh")
        assert page.url.startswith(f"{url}zh?")
        assert "target=62" in page.url
        assert page.title() == say("page.title", "zh")
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        for hidden in page.locator(".nav-holder, footer").all():
            assert not hidden.is_visible()
        page.click(SWITCH)
        landed(page, "/")
        assert page.title() == say("page.title")
        # From now on English, whatever the browser speaks and whichever address is opened.
        for address in (url, f"{url}zh"):
            again = context.new_page()
            again.goto(address)
            landed(again, "/")
            again.close()
    finally:
        context.close()
        blocks.close()


def test_the_switch_keeps_what_is_set(opened):
    page = opened.page
    opened.drag(70)
    opened.confirmed(opened.target())
    percent = opened.target()
    page.locator("#allocator label").nth(1).click()
    page.wait_for_selector("#allocator label:nth-of-type(2) input:checked", state="attached")
    page.focus("#map canvas")
    page.keyboard.press("l")
    page.wait_for_selector("#headline [data-locks='1']")
    for path in ("/zh", "/"):
        page.click(SWITCH)
        landed(page, path)
        page.wait_for_selector("#headline [data-locks='1']")
        opened.confirmed(percent)
        assert opened.target() == percent
        assert page.locator("#allocator input").nth(1).is_checked()


def test_a_prefix_before_the_page_stays(chromium):
    app, port = FastAPI(), free_port()
    options = {name: value for name, value in launch_options().items() if name in ("theme", "css", "head")}
    gr.mount_gradio_app(app, build(FakeExplorer()), path="/lab", **options)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/lab/")
        landed(page, "/lab/")
        page.click(SWITCH)
        landed(page, "/lab/zh")
        assert page.locator("#foot a").get_attribute("href") == "/lab/?view=api"
        page.click(SWITCH)
        landed(page, "/lab/")
    finally:
        context.close()
        server.should_exit = True
        thread.join()


class Reader:
    """Somebody who walks over the page and notes what is English."""

    def __init__(self, watched: Watched, known: frozenset[str] = frozenset()) -> None:
        self.page, self.found, self.known = watched.page, {}, known

    def look(self, where: str, until: str = "body") -> None:
        """Note the English, as soon as the selector `until` is there."""
        self.page.wait_for_selector(until, state="attached")
        new = set(english(said(self.page), self.known)) - {piece for pieces in self.found.values() for piece in pieces}
        if new:
            self.found[where] = sorted(new)

    def press(self, *keys: str) -> None:
        self.page.focus("#map canvas, #map [tabindex='0']")
        for key in keys:
            self.page.keyboard.press(key)

    def hand_over(self, where: str, name: str, kind: str, content: bytes) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.click(where)
        chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})


def test_nothing_on_the_chinese_page_is_english(chinese):
    page, reader = chinese.page, Reader(chinese)
    landed(page, "/zh")
    reader.look("opened", "#status .chip.ready")
    reader.press("s")
    reader.look("table", "#map table")
    reader.press("s", "?")
    reader.look("keys", "dialog[open]")
    page.keyboard.press("Escape")
    reader.press("c")
    page.locator("#allocator label").nth(2).click()
    reader.look("pinned", "#compare .mount[data-keys], #compare [data-keys]")
    reader.press("c", "ArrowRight", "l")
    reader.look("locked", "#headline [data-locks='1']")
    page.locator("[data-step=undo]").click()
    reader.look("undone", "#headline [data-locks='0']")
    page.locator("#pattern label").nth(1).click()
    reader.look("pattern", "#pattern-note:visible")
    page.click("#reset")
    page.locator("#cap-mode label").nth(1).click()
    page.locator("#cap input[type=number]").fill("20")
    reader.look("cap", "#problem .problem:not([hidden])")
    page.click("#reset")
    opening(page, reader)
    asking(page, reader)
    uploading(page, reader)
    taking_away(page, reader)
    learning(page, reader)
    assert reader.found == {}


def opening(page, reader: Reader) -> None:
    """Another model, and measuring: dialogs, and what they refuse."""
    page.locator("#status .change").click()
    page.locator("dialog.models input[name=other]").fill("nowhere")
    page.locator("dialog.models .primary").click()
    reader.look("models", "dialog.models .problem:not(:empty)")
    page.keyboard.press("Escape")
    page.locator("#measure button.measure").click()
    reader.look("scoring", "dialog[open] input[name=samples]")
    page.locator("dialog[open] input[name=samples]").fill("9999")
    reader.look("scoring refused", "dialog[open] .problem:not(:empty)")
    page.locator("dialog[open] .close").click()


def asking(page, reader: Reader) -> None:
    """A question, nothing to ask, the breaking point, and what broke it."""
    page.click("#ask")
    reader.look("asked", "#answers .mount[data-state=done]")
    for name in ("ladder", "blame"):
        page.click(f"#ladder [data-action={'climb' if name == 'ladder' else 'explain'}]")
        reader.look(name, f"#{name} .mount[data-state=done]")
    page.locator("#question textarea").fill("")
    page.click("#ask")
    reader.look("nothing asked", "#answers .problem")


def uploading(page, reader: Reader) -> None:
    """Files that are not what they are called, and a table that fits its pictures badly."""
    reader.hand_over("#upload", "a.png", "image/png", b"no picture")
    reader.look("upload", "#picker .problem:not([hidden])")
    reader.hand_over("#score-file", "a.json", "application/json", b"{}")
    reader.look("scores", "dialog.scoring[open] .problem:not(:empty)")
    page.locator("dialog.scoring .close").click()
    table = b"image,question,answer\nx.png,What is it?,star\n\n"
    reader.hand_over("#batch-upload", "b.csv", "text/csv", table)
    reader.look("table of questions", "#batch tbody tr")


def taking_away(page, reader: Reader) -> None:
    """The files, with what was asked; the link, and the one for a class."""
    page.click("#status .export")
    reader.look("export", "dialog.export[open][data-state=ready]")
    page.keyboard.press("Escape")
    page.click("#status .link")
    reader.look("link", "#status .bubble .done:not(:empty)")
    page.click("#status .bubble .toggle")
    reader.look("link for a class", "dialog.classlink[open]")
    page.keyboard.press("Escape")


def learning(page, reader: Reader) -> None:
    """Every card of the tour, to do and done or not possible, and every topic of Learn."""
    for step in range(1, 9):
        page.evaluate("step => ecoflap.tour.go(step)", step)
        reader.look(f"tour {step}", f"#tour .tour-card[data-step='{step}']")
    page.keyboard.press("Escape")
    page.evaluate("document.querySelectorAll('details').forEach((node) => (node.open = true))")
    page.locator("#learn").scroll_into_view_if_needed()
    reader.look("learn", "#learn .mount[data-state=told]")


def test_what_a_link_says_in_chinese_is_not_english(chinese):
    page = chinese.page
    typed = "[...Object.values(ecoflap.hideable).flatMap(Object.keys), 'sparsity', 'score', 'difference']"
    reader = Reader(chinese, frozenset(page.evaluate(typed)))  # what a link is written with is the same everywhere
    wrong = "target=abc&layer=nope&map=blame&lock=nobody:0.5&scores=abc&hide=all&question=" + "x" * 5000
    for query in (wrong, "model=other&target=60", "allocator=uniform&hide=allocator&tour=2&a.target=30"):
        page.goto(f"{chinese.url}zh?{query}")
        landed(page, "/zh")
        reader.look(query[:30], "#link .mount[data-restored]")
    assert page.locator("#tour .tour-card").is_visible()
    assert reader.found == {}
