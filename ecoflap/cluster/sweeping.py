"""A sweep on a cluster: points come in any order, are written as they come, and are told in the sweep's order."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ecoflap.cluster.cluster import Cluster
from ecoflap.cluster.sharing import Job
from ecoflap.cluster.work import Asked
from ecoflap.errors import Cancelled
from ecoflap.sweep import Run, Sweep, SweepPoint, SweepStep, Tell

if TYPE_CHECKING:
    from ecoflap.data.samples import Samples
    from ecoflap.evaluation import Metric, Point
    from ecoflap.explorer import Explorer


def measure(
    cluster: Cluster,
    explorer: "Explorer",
    sweep: Sweep,
    found: "Samples",
    metric: "Metric",
    known: Mapping[str, SweepPoint] | None = None,
    tell: Tell | None = None,
    keep: Callable[[SweepPoint], None] = lambda point: None,
) -> Iterator[SweepPoint]:
    """The points of `ecoflap.sweep.measure`, in its order; several are measured at once.

    Args:
        cluster: where.
        explorer, sweep, found, metric, known: see there.
        tell: told how far it is after every point; False stops.
        keep: given every new point as soon as it is known.

    Raises:
        EcoflapError: a recipe that cannot be, said before anything is measured; or what a worker has to say.
        Cancelled: `tell` said so.
    """
    yield from _Spread(cluster, Run(explorer, sweep, found, metric, dict(known or {}), None), tell, keep).points()


class _Spread:
    """One sweep under way on a cluster."""

    def __init__(self, cluster: Cluster, run: Run, tell: Tell | None, keep: Callable[[SweepPoint], None]) -> None:
        self._cluster, self._run, self._tell, self._keep = cluster, run, tell, keep
        self._asked: dict[str, Asked] = {run.dense_key: (None, None, None), **dict(zip(run.keys, run.todo))}
        self._points = {key: run.known[key] for key in self._asked if key in run.known}
        # Measured before the dense model's answers were known, with which all are compared.
        self._early: dict[str, tuple[Point, float]] = {}
        self._began, self._measured = time.monotonic(), 0

    def points(self) -> Iterator[SweepPoint]:
        """See `measure`."""
        order = deque(self._asked)
        jobs = self._jobs()
        if jobs:
            self._told(len(jobs))
            for job, measured in self._cluster.points(self._run, self._run.explorer.spec)(jobs):
                self._take(job.key, *measured)
                self._told(len(jobs))
                while order and order[0] in self._points:
                    yield self._points[order.popleft()]
        yield from (self._points[key] for key in order)

    def _jobs(self) -> list[Job]:
        """What there is to measure: the dense model first, also where only its answers are missing.

        Points of one seed of calibration samples go to one worker where there are others for the others: norms and
        ranks are made once for each.
        """
        missing = [key for key in self._asked if key not in self._points]
        if missing and missing[0] != self._run.dense_key:
            missing.insert(0, self._run.dense_key)
        return [Job(key, self._asked[key][0], self._asked[key]) for key in missing]

    def _take(self, key: str, point: "Point", seconds: float) -> None:
        """Note what was measured; compared with the dense answers, once they are there, it is a point."""
        self._measured += 1
        if key == self._run.dense_key:
            self._run.dense = point
        self._early[key] = point, seconds
        if self._run.dense is None:
            return
        for early, measured in self._early.items():
            if early not in self._points:
                self._points[early] = self._run.line(*self._asked[early], early, *measured)
                self._keep(self._points[early])
        self._early.clear()

    def _told(self, jobs: int) -> None:
        """Say how far it is, with the time left by the pace so far."""
        if self._tell is None:
            return
        pace = (time.monotonic() - self._began) / self._measured if self._measured else math.nan
        done, questions = sum(key in self._points for key in self._run.keys), len(self._run.found.samples)
        step: Any = SweepStep(done, len(self._run.keys), 0, questions, pace * (jobs - self._measured))
        if self._tell(step) is False:
            raise Cancelled
