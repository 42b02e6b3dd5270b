"""Real drags in a real Chromium, and what the page says of them."""

import json
import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page

WATCH = Path(__file__).with_name("watch.js")
FRAME = 1 / 60
# Drags before the first measurement: the page remembers its last 100 steps for Undo, and this list has to be full.
WARM = 110


@dataclass(frozen=True)
class Measured:
    """Milliseconds of every move and release, and the page's sizes before and after."""

    moves: list[float]
    releases: list[float]
    before: dict[str, int]
    after: dict[str, int]


def opened(page: Page, url: str) -> None:
    """Open the page and wait until it is at rest: map, figures, and the first figures confirmed."""
    page.add_init_script(path=WATCH)
    page.goto(url)
    page.wait_for_selector("#map canvas[data-cells]")
    page.wait_for_selector("#figures .mount[data-drawn]", state="attached", timeout=60_000)


def measure(page: Page, moves: int, commits: int, warm: int = WARM, seed: int = 0) -> Measured:
    """`moves` steps of the mouse in `commits` drags, each to another target and awaited before the next.

    Some drags before the first measurement fill what is bounded, as the page's own first use does.
    """
    hand, session = Hand(page, seed), page.context.new_cdp_session(page)
    for _ in range(warm):
        hand.drag(10)
    first = page.evaluate("() => measured.moves.length"), hand.drags
    before = sizes(session)
    for drag in range(commits):
        hand.drag(moves // commits + (drag < moves % commits))
    after = sizes(session)
    found = page.evaluate("() => [measured.moves, measured.releases]")
    return Measured(*(values[count:] for values, count in zip(found, first)), before, after)


def sizes(session: CDPSession) -> dict[str, int]:
    """DOM nodes, and bytes of a heap snapshot after garbage collection: `objects` and `code`.

    `code` is what the engine has compiled of the page's scripts: it grows for as long as the engine finds more that is
    worth compiling, whatever the scripts keep. What they keep is in `objects`: objects, arrays, strings, closures.
    """
    session.send("Performance.enable")
    nodes = []
    for _ in range(5):  # what has just left the page is held for a while by whatever touched it last
        session.send("HeapProfiler.collectGarbage")
        metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
        nodes.append(int(metrics["Nodes"]))
        time.sleep(0.2)
    kinds = by_kind(snapshot(session))
    # Native: nodes, styles, network logs, which the browser keeps outside the scripts' heap.
    objects = sum(kinds.values()) - kinds["code"] - kinds["native"]
    return {"nodes": min(nodes), "objects": objects, "code": kinds["code"]}


def snapshot(session: CDPSession) -> dict[str, Any]:
    """Chromium's own heap snapshot."""
    parts: list[str] = []

    def add(event: dict[str, str]) -> None:
        parts.append(event["chunk"])

    session.on("HeapProfiler.addHeapSnapshotChunk", add)
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    session.remove_listener("HeapProfiler.addHeapSnapshotChunk", add)
    return json.loads("".join(parts))


def by_kind(heap: dict[str, Any]) -> Counter[str]:
    """Bytes of a heap snapshot by kind of node."""
    meta = heap["snapshot"]["meta"]
    fields, kinds = meta["node_fields"], meta["node_types"][0]
    kind, size = fields.index("type"), fields.index("self_size")
    found: Counter[str] = Counter()
    for start in range(0, len(heap["nodes"]), len(fields)):
        found[kinds[heap["nodes"][start + kind]]] += heap["nodes"][start + size]
    return found


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
