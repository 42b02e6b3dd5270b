"""`python -m ecoflap.results [--measure]`: docs/results.md from the CSV files, and what these lack."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ecoflap.command import run
from ecoflap.results import report
from ecoflap.results.measuring import CALIBRATION_SEEDS, NAMES, TARGETS, Plan, loop_forwards, measure_all

DOCS = Path(__file__).resolve().parents[2] / "docs"
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def results(
    docs: Annotated[Path, typer.Option(help="Folder of results/ and results.md.")] = DOCS,
    measure: Annotated[bool, typer.Option("--measure", help="Measure what the files lack; takes hours.")] = False,
    allocators: Annotated[str, typer.Option(help="Which, separated by commas.")] = ",".join(NAMES),
    targets: Annotated[str, typer.Option(help="Sparsities.")] = ",".join(map(str, TARGETS)),
    seeds: Annotated[str, typer.Option(help="Calibration seeds.")] = ",".join(map(str, CALIBRATION_SEEDS)),
    work: Annotated[Path, typer.Option(help="Where score bundles are kept.")] = Path(".cache/results"),
) -> None:
    """Write docs/results.md and its figure from the committed measurements."""
    plan = Plan(docs / "results", work)
    if measure:
        chosen = {"allocators": allocators.split(","), "targets": [float(t) for t in targets.split(",")]}
        plan = replace(plan, **chosen, seeds=[int(seed) for seed in seeds.split(",")])
        measure_all(plan, lambda words: print(words, file=sys.stderr, flush=True))
    report.write(docs, loop_forwards())


def main() -> None:
    """Run the command."""
    run(app)


if __name__ == "__main__":
    main()
