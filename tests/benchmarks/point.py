"""Seconds of an evaluation point on the demo: python -m tests.benchmarks.point [--questions 1000] [--targets 0,0.8].

Beside each stands what asking every question through `model.answer` takes in the same state, in batches of 64, without
the loss, and whether the answers are the same. Wall-clock seconds mean something on an idle machine alone, so the
processor's seconds and the load stand beside them; `times` is of the processor's.
"""

import argparse
import os
from collections.abc import Sequence

from ecoflap.answering import BATCH
from ecoflap.demo.questions import samples
from ecoflap.evaluation import Questions, evaluate
from ecoflap.explorer import Explorer
from ecoflap.types import Recipe, Sample
from tests.benchmarks.breaking import timed


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=1000, help="questions of a point (default: 1000)")
    parser.add_argument("--targets", default="0,0.5,0.6,0.7,0.8", help="sparsities, the same in every layer")
    return parser


def asked_anew(explorer: Explorer, asked: Sequence[Sample], recipe: Recipe) -> tuple[str, ...]:
    """Every answer by generation from the start."""
    allocation, texts = explorer.allocate(recipe), []
    for start in range(0, len(asked), BATCH):
        texts += [answer.text for answer in explorer.engine.answer(asked[start : start + BATCH], allocation, recipe)]
    return tuple(texts)


def line(explorer: Explorer, questions: Questions, target: float) -> str:
    """The figures of one target."""
    recipe = Recipe(target, allocator="uniform")
    explorer.engine.prune(None)
    point, wall, processor = timed(lambda: evaluate(explorer.engine, questions, explorer.allocate(recipe), recipe))
    texts, plain_wall, plain = timed(lambda: asked_anew(explorer, questions.samples, recipe))
    same = sum(one == other for one, other in zip(point.answers, texts, strict=True))
    return (
        f"{target:.0%}  accuracy {point.overall.value:.3f}  point {wall:.1f} s, processor {processor:.1f} s"
        f"  asked anew {plain_wall:.1f} s, processor {plain:.1f} s  times {plain / processor:.1f}  same answers {same}"
    )


def main() -> None:
    """Measure and print."""
    chosen = options().parse_args()
    explorer = Explorer.open("demo")
    explorer.wait_prepared()
    questions = Questions(samples("evaluation", chosen.questions, 5))
    # Once without the clock: at the first point pictures become tensors and weights are ranked, and both stay.
    first = Recipe(0.5)
    evaluate(explorer.engine, questions, explorer.allocate(first), first)
    for target in map(float, chosen.targets.split(",")):
        print(line(explorer, questions, target), flush=True)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
