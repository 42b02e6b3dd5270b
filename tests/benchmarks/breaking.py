"""Seconds of breaking point and of what broke it on the demo, all its allocators: python -m tests.benchmarks.breaking.

Wall-clock seconds mean something on an idle machine alone, so the processor's seconds and the load stand beside them.
A ladder is compared with a plain question at each of its rungs, which is what finding the same by hand would take.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ecoflap.allocation import ALLOCATORS
from ecoflap.blaming import restore
from ecoflap.breaking import climb
from ecoflap.explorer import Explorer
from ecoflap.types import Recipe
from ecoflap.ui import session

# The sparsity that the blame is about: most answers are wrong there.
BLAMED = 0.8


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """(result, wall-clock seconds, seconds of the processor over all threads)."""
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - processor


def measure(explorer: Explorer, picture: Any, question: str) -> dict[str, float]:
    """Seconds of one question's ladder and blame, and of plain questions at the ladder's rungs."""
    explorer.dense(picture, question)
    names = [allocator.name for allocator in ALLOCATORS]
    ladder, wall, processor = timed(lambda: [*climb(explorer, picture, question, Recipe(), names)][-1])
    recipes = [Recipe(rung.percent / 100, allocator=s.allocator) for s in ladder.strips for rung in s.rungs]
    _, _, plain = timed(lambda: [explorer.ask(picture, question, recipe) for recipe in recipes])
    blame, blame_wall, blame_processor = timed(
        lambda: [*restore(explorer, picture, question, replace(Recipe(), target=BLAMED))][-1]
    )
    return {
        "rungs": len(recipes),
        "ladder": wall,
        "ladder_cpu": processor,
        "times_faster": plain / processor,
        "blocks": blame.blocks,
        "blame": blame_wall,
        "blame_cpu": blame_processor,
    }


def main() -> None:
    """Every suggestion for the first pictures of the gallery (how many: the argument, by default 2), and the worst."""
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    explorer = Explorer.open("demo")
    explorer.wait_prepared()
    found = []
    for index in range(pictures):
        token = session.example_token(index)
        for question in session.questions_for(token):
            found.append(measure(explorer, session.picture_for(token), question))
            print(f"{question:45}", "  ".join(f"{name} {value:.2f}" for name, value in found[-1].items()), flush=True)
    for name in ("ladder", "ladder_cpu", "blame", "blame_cpu"):
        print(f"worst {name}: {max(entry[name] for entry in found):.2f} s")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
