"""Real drags in a real Chromium, and what the page says of them."""

import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page

WATCH = Path(__file__).with_name("watch.js")
FRAME = 1 / 60
WARM = 5


@dataclass(frozen=True)
class Measured:
    """Milliseconds of every move and release, and the page's size before and after."""

    moves: list[float]
    releases: list[float]
    nodes: tuple[int, int]
    heap: tuple[int, int]


def opened(page: Page, url: str) -> None:
    """Open the page and wait until it is at rest: map, figures, and the first figures confirmed."""
    page.add_init_script(path=WATCH)
    page.goto(url)
    page.wait_for_selector("#map canvas[data-cells]")
    page.wait_for_selector("#figures .mount[data-drawn]", state="attached", timeout=60_000)


def measure(page: Page, moves: int, commits: int, seed: int = 0) -> Measured:
    """`moves` steps of the mouse in `commits` drags, each to another target and awaited before the next.

    Some drags before the first measurement fill caches, as the page's own first use does.
    """
    hand, session = Hand(page, seed), page.context.new_cdp_session(page)
    for _ in range(WARM):
        hand.drag(10)
    first = page.evaluate("() => measured.moves.length"), hand.drags
    before = size(session)
    for drag in range(commits):
        hand.drag(moves // commits + (drag < moves % commits))
    after = size(session)
    found = page.evaluate("() => [measured.moves, measured.releases]")
    return Measured(*(values[count:] for values, count in zip(found, first)), *zip(before, after))


def size(session: CDPSession) -> tuple[int, int]:
    """DOM nodes and bytes of JavaScript that are in use, garbage not counted: the least of several looks.

    What has just left the page is held for a while by whatever touched it last, such as the pointer's last target.
    """
    session.send("Performance.enable")
    found = []
    for _ in range(5):
        session.send("HeapProfiler.collectGarbage")
        metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
        found.append((int(metrics["Nodes"]), int(metrics["JSHeapUsedSize"])))
        time.sleep(0.2)
    return min(found)


class Hand:
    """A mouse on the target's slider, one step in each frame."""

    def __init__(self, page: Page, seed: int) -> None:
        self.page, self.random = page, random.Random(seed)
        self.slider = page.locator("#target input[type=range]")
        self.percent, self.drags = int(self.slider.input_value()), 0

    def drag(self, steps: int) -> None:
        """Take the thumb through `steps` targets, each another one, let go, and wait for the final figures."""
        start, place = self.percent, self._places()
        self.page.mouse.move(*place(start))
        self.page.mouse.down()
        for step in range(steps):
            began = time.perf_counter()
            self.percent = self._next(start if step == steps - 1 else None)
            self.page.mouse.move(*place(self.percent))
            time.sleep(max(0.0, FRAME - (time.perf_counter() - began)))
        self.page.mouse.up()
        self.percent = int(self.slider.input_value())
        self.drags += 1
        self.page.wait_for_function("drags => measured.releases.length === drags", arg=self.drags)

    def _next(self, never: int | None) -> int:
        """Up to 6 points away, as a hand moves; the last step does not end where the drag began."""
        near = [self.percent + step for step in range(-6, 7) if abs(step) > 1 and 1 <= self.percent + step <= 94]
        return self.random.choice([one for one in near if never is None or abs(one - never) > 1])

    def _places(self) -> Any:
        box, thumb = self.slider.bounding_box(), 16

        def place(percent: int) -> tuple[float, float]:
            return box["x"] + thumb / 2 + (box["width"] - thumb) * percent / 95, box["y"] + box["height"] / 2

        return place
