"""Seconds from starting the page's command to a usable page: python -m tests.benchmarks.start [--runs 5].

Once over scores alone (588 matrices, no model), once over the embedded model. Python starts from nothing; its files are
in the system's cache, since a first run is not counted, and Chromium runs already. `served` is when the command prints
the page's address, `usable` when the map is drawn and has followed a key pressed on the slider, `figures` when all
three figures below are drawn too. `processor` are the seconds of the processor that the command had taken when it was
served: on a busy machine the others say little. `--python` takes the interpreter of another environment for scores
alone, such as one made from requirements-scores.txt: where the packages of `--mcp` are installed, Gradio imports them.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from playwright.sync_api import Browser, sync_playwright

from ecoflap.cli.output import Format, show
from tests.benchmarks.slider import bundle
from tests.browser.conftest import free_port, launch

ROOT = Path(__file__).resolve().parents[2]
# What is promised of scores alone, in seconds.
BAR = 3.0


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scores", type=Path, help="score bundle to show (default: the reference's, else one made up)")
    parser.add_argument("--runs", type=int, default=5, help="starts of each that count (default: 5)")
    parser.add_argument("--python", default=sys.executable, help="interpreter for scores alone (default: this one)")
    parser.add_argument("--format", type=Format, choices=list(Format), default=Format.TABLE)
    return parser


@contextmanager
def started(python: str, *arguments: str) -> Iterator[tuple[str, float]]:
    """The page of a command line in a process of its own; its address, once that is printed, and processor seconds."""
    command = [python, "app.py", "--port", str(free_port()), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if found is None:
            raise RuntimeError(f"the page did not start: {line}")
        times = psutil.Process(process.pid).cpu_times()
        yield found[0], times.user + times.system
    finally:
        process.terminate()
        process.wait()


def once(browser: Browser, python: str, *arguments: str) -> dict[str, float]:
    """Seconds until the page is served, of the processor until then, until it is usable, and until it is whole."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    began = time.perf_counter()
    with started(python, *arguments) as (url, processor):
        served = time.perf_counter() - began
        page.goto(url, wait_until="commit")
        page.wait_for_selector("#map canvas[data-shown='50']")
        page.locator("#target input[type=range]").press("ArrowRight")
        page.wait_for_selector("#map canvas[data-shown='51']")
        usable = time.perf_counter() - began
        page.wait_for_selector("#curves .js-plotly-plot .main-svg")
        figures = time.perf_counter() - began
    page.close()
    return {"processor": processor, "served": served, "usable": usable, "figures": figures}


def measure(runs: int, scores: Path, python: str) -> dict[str, Any]:
    """Every start's seconds, the first one left out."""
    ways = {"scores alone": (python, "--scores", str(scores)), "the embedded model": (sys.executable,)}
    result: dict[str, Any] = {"runs": runs, "bar": BAR}
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for name, arguments in ways.items():
            result[name] = [once(browser, *arguments) for _ in range(runs + 1)][1:]
        browser.close()
    return result | {"load": round(os.getloadavg()[0], 1)}


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The document as lines of a table."""
    return [
        {"page": name, "until": part, "least": min(values), "median": median(values), "most": max(values)}
        for name in ("scores alone", "the embedded model")
        for part in ("processor", "served", "usable", "figures")
        for values in ([run[part] for run in result[name]],)
    ]


def main() -> None:
    """Measure and print."""
    chosen = options().parse_args()
    with TemporaryDirectory() as folder:
        path = chosen.scores or Path(folder) / "scores.json"
        if chosen.scores is None:
            bundle(None).write(path)
        result = measure(chosen.runs, path, chosen.python)
    title = (
        f"seconds, {chosen.runs} starts each, {os.cpu_count()} cores, load {result['load']}, bar {BAR} (scores alone)"
    )
    show(result, chosen.format, title, rows(result))


if __name__ == "__main__":
    main()
