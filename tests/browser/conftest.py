"""Real Chromium over a page that is served from this process."""

import shutil
import socket
from collections.abc import Iterator

import gradio as gr
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from ecoflap.ui import build, launch_options
from tests.ui.fakes import FakeExplorer

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium, without a window; Playwright's own where the system has none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def serve(explorer) -> tuple[gr.Blocks, str]:
    """Launch a page over `explorer`; the Blocks to close, and its address."""
    blocks = build(explorer)
    blocks.launch(prevent_thread_lock=True, server_port=free_port(), **launch_options())
    return blocks, blocks.local_url


def free_port() -> int:
    """A port of the system's choice: Gradio looks for one from 7860 on, and so may another run at the same moment."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


class Watched:
    """A page with what went wrong in its console, and the requests that reached Python."""

    def __init__(self, page: Page, url: str, path: str = "") -> None:
        self.page, self.errors, self.posts, self.outside = page, [], [], []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note)
        self.url = url
        page.goto(url + path)
        page.wait_for_selector("#map canvas[data-cells]")
        page.wait_for_selector("#curves .js-plotly-plot .main-svg")

    def _note(self, request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.outside.append(request.url)
        if (request.method == "POST" and "/run/" in request.url) or "/queue/join" in request.url:
            self.posts.append(request.post_data_json)

    def commits(self) -> list[int]:
        """Targets that were committed to Python, in order."""
        events = [post.get("event_data") for post in self.posts]
        return [event["percent"] for event in events if isinstance(event, dict) and "percent" in event]

    def drag(self, *percents: int, release: bool = True) -> None:
        """Drag the target's thumb with the mouse through these targets."""
        slider = self.page.locator("#target input[type=range]")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        start = int(slider.input_value())
        thumb = 16

        def place(percent: int) -> tuple[float, float]:
            return box["x"] + thumb / 2 + (box["width"] - thumb) * percent / 95, box["y"] + box["height"] / 2

        self.page.mouse.move(*place(start))
        self.page.mouse.down()
        for percent in percents:
            self.page.mouse.move(*place(percent), steps=4)
        if release:
            self.page.mouse.up()

    def shown(self, percent: int) -> None:
        """Wait until map and strip show a target."""
        self.page.wait_for_selector(f"#map canvas[data-shown='{percent}']")
        self.page.wait_for_selector(f"#strip .mount[data-percent='{percent}']", state="attached")

    def confirmed(self, percent: int) -> None:
        """Wait until Python has confirmed a target."""
        self.page.wait_for_selector(f"#strip .mount[data-confirmed='{percent}']", state="attached")

    def target(self) -> int:
        """Where the slider stands."""
        return int(self.page.locator("#target input[type=range]").input_value())


@pytest.fixture
def explorer() -> FakeExplorer:
    """A counting explorer without a model."""
    return FakeExplorer()


@pytest.fixture
def demo_page(chromium, demo) -> Iterator[Watched]:
    """The page over the embedded model, ready; at the end nothing may have gone wrong in the console."""
    yield from watching(chromium, demo)


@pytest.fixture
def opened(chromium, explorer) -> Iterator[Watched]:
    """The page over `explorer`, ready; at the end nothing may have gone wrong in the console."""
    yield from watching(chromium, explorer)


def watching(chromium, explorer, path: str = "") -> Iterator[Watched]:
    """The page over `explorer` at a path, in a browser; at the end nothing may have gone wrong in the console."""
    blocks, url = serve(explorer)
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    watched = Watched(page, url, path)
    yield watched
    page.close()
    blocks.close()
    assert watched.errors == []
    assert watched.outside == []
