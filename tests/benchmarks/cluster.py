"""How a sweep and a score scale over a local Ray cluster: OMP_NUM_THREADS=1 python -m tests.benchmarks.cluster.

On the embedded model, one after another in one run: one process, a cluster with one worker, the same with two; every
one computes with as many threads as this process, so set one. The rate counts from the moment when all workers have
opened the model; `start` are the seconds until then, `whole` those of everything. `ratio` compares rates with one
process. Whether all results are the same, to the last bit, is a column too. Seconds and rates mean something on an idle
machine alone, so the load stands below.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from ecoflap import store, sweep
from ecoflap.cli.output import Format, show
from ecoflap.cluster import sweeping
from ecoflap.cluster.cluster import Cluster, Size
from ecoflap.cluster.connection import connected
from ecoflap.data.registry import samples_for
from ecoflap.evaluation import METRICS
from ecoflap.explorer import Explorer
from ecoflap.importance.settings import Settings
from ecoflap.types import Loading

LOADING = Loading("cpu")
WORKERS = (1, 2)


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=24, help="points of the sweep (default: 24)")
    parser.add_argument("--questions", type=int, default=128, help="questions of each (default: 128)")
    parser.add_argument("--samples", type=int, default=48, help="calibration samples of the score (default: 48)")
    parser.add_argument("--format", type=Format, choices=list(Format), default=Format.TABLE)
    return parser


class Watch:
    """Notes how much is done when, told step by step; it counts from `begin` on."""

    def __init__(self) -> None:
        self._made = self._began = time.perf_counter()
        self._last, self._done = self._made, 0

    def begin(self) -> None:
        """All workers have opened the model."""
        self._began = time.perf_counter()

    def __call__(self, step: Any) -> None:
        self._last, self._done = time.perf_counter(), step.done

    def row(self) -> dict[str, float]:
        """Seconds until the beginning and in all, and how many a second were done from then on."""
        times = {"start": self._began - self._made, "whole": self._last - self._made}
        return times | {"rate": self._done / (self._last - self._began)}


class Patient(Cluster):
    """A cluster that begins when all its workers have opened the model."""

    def __init__(self, ray: Any, count: int, watch: Watch) -> None:
        super().__init__(ray, Size(count, torch.get_num_threads()), LOADING)
        self._watch = watch

    def _work(self, *given: Any) -> Iterator[Any]:
        before, answers = self.pool, super()._work(*given)
        if self.pool is not before:
            self.pool.wait()
            self._watch.begin()
        return answers


def sweeps(explorer: Explorer, chosen: sweep.Sweep, questions: int, cluster: Cluster | None, watch: Watch) -> Any:
    """The points of a sweep, their times left out."""
    found = samples_for("demo", "demo", questions, 0, "evaluation")
    measure = sweep.measure if cluster is None else partial(sweeping.measure, cluster)
    points = measure(explorer, chosen, found, METRICS[0], None, watch)
    return [replace(point, seconds=0.0) for point in points]


def scores(explorer: Explorer, settings: Settings, cluster: Cluster | None, watch: Watch) -> Any:
    """The layers of a score, with a cache of its own."""
    engine = explorer.wait()
    with store.apart():
        return engine.score(settings, watch, spread=cluster and cluster.units(engine, settings, "demo")).layers


def rows(ray: Any, work: str, run: Callable[[Cluster | None, Watch], Any], a_time: int) -> list[dict[str, Any]]:
    """One process, then clusters of different sizes; rates are of so many seconds."""
    watch = Watch()
    alone = run(None, watch)
    found = [{"work": work, "by": "one process"} | watch.row() | {"same": "yes"}]
    for count in WORKERS:
        watch = Watch()
        cluster = Patient(ray, count, watch)
        same = run(cluster, watch) == alone
        cluster.close()
        found.append(
            {"work": work, "by": f"{count} of Ray's workers"} | watch.row() | {"same": "yes" if same else "no"}
        )
        print(*found[-1].values(), file=sys.stderr, flush=True)
    for row in found:
        row["ratio"] = row["rate"] / found[0]["rate"]
    for row in found:
        row["rate"] *= a_time
    return found


def main() -> None:
    """Measure both and show them."""
    chosen = options().parse_args()
    targets = tuple(round(0.95 * number / chosen.points, 4) for number in range(1, chosen.points + 1))
    planned = sweep.Sweep(("uniform",), ("magnitude",), targets)
    explorer = Explorer.open("demo", loading=LOADING, prepare=False)
    explorer.wait()
    began = time.perf_counter()
    with connected("local", max(WORKERS) * torch.get_num_threads()) as ray:
        started = time.perf_counter() - began
        found = rows(ray, "sweep, points a minute", partial(sweeps, explorer, planned, chosen.questions), 60)
        settings = Settings(samples=chosen.samples)
        found += rows(ray, "score, units a second", partial(scores, explorer, settings), 1)
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, threads of each: {torch.get_num_threads()}"
    title = f"a local cluster starts in {started:.1f} s; {load}"
    show({"cluster": started, "rows": found}, chosen.format, title, found)


if __name__ == "__main__":
    main()
