"""Measures what docs/results.md says: scores from several calibration seeds, then a sweep with each seed's scores."""

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ecoflap import scoring
from ecoflap.allocation import ALLOCATORS, allocate
from ecoflap.data.registry import samples_for
from ecoflap.data.samples import Samples
from ecoflap.demo.evaluate import blanked
from ecoflap.engine import Engine
from ecoflap.errors import EcoflapError
from ecoflap.evaluation import METRICS
from ecoflap.importance.settings import Settings
from ecoflap.models.registry import DEMO_SCORES, open_model
from ecoflap.sweep import Sweep, SweepPoint, measure
from ecoflap.sweep_file import SweepFile
from ecoflap.types import Allocation, Loading, Recipe, ScoreBundle
from ecoflap.types.bundle import write_text

# What is measured: methods of scoring in the order in which they are joined, each from SAMPLES samples of every seed.
METHODS = ("zeroth-order", "first-order", "response", "local", "zeroth-order-block", "joint")
SAMPLES = 128
CALIBRATION_SEEDS = (0, 1, 2, 3, 4)
# Questions that nothing was tuned on, and those of the round before, which were looked at.
EVAL_SEED, QUESTIONS, EARLIER_SEED = 2027, 2000, 2026
TARGETS = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
NAMES = tuple(allocator.name for allocator in ALLOCATORS)
COLUMNS = ("method", "seed", "samples", "seconds", "peak_bytes", "block_forwards")
# What stands in the allocator's place for the dense model in front of blank pictures.
BLANK = "blank"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is measured, and where it goes.

    Attributes:
        folder: of demo.csv and costs.csv.
        work: of the score bundles, which are not committed.
        seeds: of the calibration samples.
        allocators: by name.
        targets: sparsities.
        questions: of the evaluation set.
        eval_seed: of its scenes.
    """

    folder: Path
    work: Path
    seeds: Sequence[int] = CALIBRATION_SEEDS
    allocators: Sequence[str] = NAMES
    targets: Sequence[float] = TARGETS
    questions: int = QUESTIONS
    eval_seed: int = EVAL_SEED


class Scored:
    """An engine with one seed's scores: what a sweep asks of an explorer."""

    def __init__(self, engine: Engine, bundle: ScoreBundle) -> None:
        self.engine, self.bundle = engine, bundle

    def wait(self) -> Engine:
        """The engine; it is there."""
        return self.engine

    def allocate(self, recipe: Recipe) -> Allocation:
        """The recipe on these scores."""
        return allocate(self.bundle, recipe)


def measure_all(plan: Plan, tell: Tell) -> None:
    """Measure what the files lack, each point kept as soon as it is known.

    Raises:
        EcoflapError: a command failed, or a file cannot be written.
    """
    bundles = {seed: ScoreBundle.read(scored(plan, seed, tell)) for seed in plan.seeds}
    file = SweepFile(plan.folder / "demo.csv")
    engine = _demo()
    found = samples_for("demo", None, plan.questions, plan.eval_seed, "evaluation")
    if not any(point.allocator == BLANK for point in file.points.values()):
        file.add(_blank(engine, found))
    for seed, bundle in bundles.items():
        sweep = Sweep(tuple(plan.allocators), ("wanda",), tuple(plan.targets), (seed,))
        for point in measure(Scored(engine, bundle), sweep, found, METRICS[0], file.points):
            tell(f"seed {seed}: {point.allocator} at {point.target:.0%}: {point.accuracy:.1%}")
            file.add(point)


def _blank(engine: Engine, found: Samples) -> SweepPoint:
    """The dense model's answers to the same questions about grey pictures."""
    blank = replace(found, samples=blanked(found.samples))
    sweep = Sweep(("uniform",), ("wanda",), (0.0,))
    point = next(measure(Scored(engine, ScoreBundle.read(DEMO_SCORES)), sweep, blank, METRICS[0]))
    return replace(point, allocator=BLANK, pruner=BLANK)


@cache
def _demo() -> Engine:
    return Engine(open_model("demo", Loading("cpu")))


def forwards(settings: Settings) -> float:
    """Block forwards of a run, on one sample each, at most."""
    return scoring.cost(_demo(), settings)[1]


def loop_forwards() -> float:
    """Block forwards of the public code's loop: two whole passes for every matrix and sample, one direction."""
    model = _demo().model
    return 2.0 * len(model.layers) * len(model.blocks) * SAMPLES


def scored(plan: Plan, seed: int, tell: Tell) -> Path:
    """The path of a seed's scores by all methods, measured by the command that anyone would use."""
    before: Path | None = None
    for method in METHODS:
        out = plan.work / f"{method}-{seed}.json"
        if not out.exists():
            tell(f"seed {seed}: {method}")
            seconds, peak = _run(method, seed, before, out, plan.work)
            row = (method, seed, SAMPLES, round(seconds, 1), peak, round(forwards(Settings(method, SAMPLES))))
            if seed == plan.seeds[0]:  # the others cost the same, and may be measured side by side
                _note(plan.folder / "costs.csv", row)
        before = out
    return before


def _run(method: str, seed: int, before: Path | None, out: Path, work: Path) -> tuple[float, int]:
    """Seconds and peak memory in bytes of one `score` command, the start of Python and loading the model included."""
    options = ["--method", method, "--samples", str(SAMPLES), "--seed", str(seed), "--out", str(out)]
    command = [sys.executable, "-m", "ecoflap", "score", *options, *(["--with", str(before)] if before else [])]
    work.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    # A cache of its own: what was measured before would cost nothing.
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env=os.environ | {"ECOFLAP_CACHE": str(work / "cache" / method)}
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise EcoflapError("results_command", command=" ".join(command[1:]), status=process.returncode)
    return time.monotonic() - began, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _note(path: Path, row: Sequence[object]) -> None:
    """Add a line to the table of costs."""
    out = io.StringIO()
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    csv.writer(out, lineterminator="\n").writerows([row] if before else [COLUMNS, row])
    write_text(path, before + out.getvalue())
