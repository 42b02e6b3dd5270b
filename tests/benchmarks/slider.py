"""How fast the page follows the slider: python -m tests.benchmarks.slider [--bundle FILE] [--moves 1000].

A page over 588 matrices, real Chromium at 1440 x 900 and 60 Hz, real mouse drags; no model is loaded.

move: from the slider's input event to the painted frame, that is until a message that is posted in the next animation
frame is handled, after that frame's style, layout and paint. release: from letting go until the strip is confirmed by
Python, all three figures are drawn for that target, and the frame is painted in the same sense. nodes, objects, code:
what the page holds after garbage collection, after against before all moves: DOM nodes, bytes that its scripts keep,
and bytes of what the engine compiled of them (nothing is promised of that: see tests/benchmarks/measuring.py).
"""

import argparse
import os
from pathlib import Path
from statistics import quantiles
from typing import Any

from playwright.sync_api import sync_playwright

from ecoflap.bench.allocating import bundle as made
from ecoflap.cli.output import Format, show
from ecoflap.types import ScoreBundle
from tests.benchmarks.measuring import Measured, measure, opened
from tests.browser.conftest import launch, serve
from tests.ui.fakes import FakeExplorer

REFERENCE = Path(__file__).resolve().parents[3] / "shared/reference/blip2-flant5xl-local-wanda.json"
# What is promised: milliseconds, and that nothing grows, to the per cent that the counts swing by.
BARS = {"move": 16.0, "release": 300.0, "nodes": 1.01, "objects": 1.01}


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, help="score bundle to show (default: the reference's, else one made up)")
    parser.add_argument("--moves", type=int, default=1000, help="steps of the mouse (default: 1000)")
    parser.add_argument("--commits", type=int, default=50, help="drags that they are spread over (default: 50)")
    parser.add_argument("--format", type=Format, choices=list(Format), default=Format.TABLE)
    return parser


def bundle(path: Path | None) -> ScoreBundle:
    """The bundle to show: 588 matrices of BLIP-2 where nothing else is asked for."""
    chosen = path or (REFERENCE if REFERENCE.is_file() else None)
    return ScoreBundle.read(chosen) if chosen else made()


def run(scores: ScoreBundle, moves: int, commits: int) -> Measured:
    """Serve a page over `scores` and measure it."""
    blocks, url = serve(FakeExplorer(scores))
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            opened(page, url)
            found = measure(page, moves, commits)
            browser.close()
    finally:
        blocks.close()
    return found


def document(found: Measured, layers: int) -> dict[str, Any]:
    """Figures and their ratios to what is promised: at most 1 is met."""
    load = [round(value, 2) for value in os.getloadavg()]
    result: dict[str, Any] = {"layers": layers, "moves": len(found.moves), "commits": len(found.releases), "load": load}
    for name, values in (("move", found.moves), ("release", found.releases)):
        cuts = quantiles(values, n=20, method="inclusive")
        figures = {"p50_ms": cuts[9], "p95_ms": cuts[18], "bar": BARS[name], "ratio": cuts[18] / BARS[name]}
        result[name] = {key: round(value, 3) for key, value in figures.items()}
    for name, before in found.before.items():
        result[name] = {"before": before, "after": found.after[name], "growth": round(found.after[name] / before, 4)}
        if name in BARS:
            result[name] |= {"bar": BARS[name], "ratio": round(found.after[name] / before / BARS[name], 4)}
    return result


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The document as lines of a table."""
    return [
        {
            "what": name,
            "p50 / before": result[name].get("p50_ms", result[name].get("before")),
            "p95 / after": result[name].get("p95_ms", result[name].get("after")),
            "promised": result[name].get("bar", ""),
            "ratio": result[name].get("ratio", ""),
        }
        for name in (*BARS, "code")
    ]


def main() -> None:
    """Measure and print."""
    chosen = options().parse_args()
    scores = bundle(chosen.bundle)
    result = document(run(scores, chosen.moves, chosen.commits), len(scores.layers))
    title = f"{result['layers']} layers, {result['moves']} moves, {result['commits']} commits, load {result['load']}"
    show(result, chosen.format, title, rows(result))


if __name__ == "__main__":
    main()
