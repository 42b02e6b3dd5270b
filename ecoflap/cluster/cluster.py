"""A cluster that was asked for: how many workers it has room for, and what they do for a sweep or a score."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ecoflap.cluster.connection import connected
from ecoflap.cluster.pool import Pool
from ecoflap.cluster.sharing import Job
from ecoflap.cluster.work import Opening, Points, Units, facts_of
from ecoflap.cluster.worker import Place, Work
from ecoflap.errors import EcoflapError
from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Task, Unit, Values, batch_of
from ecoflap.types import Loading

if TYPE_CHECKING:
    from ecoflap.engine import Engine
    from ecoflap.sweep import Run


@dataclass(frozen=True)
class Size:
    """Workers of a cluster: how many, the threads of each, and the GPUs of each."""

    workers: int
    threads: int
    gpus: int = 0

    @property
    def needs(self) -> dict[str, float]:
        """One worker's part of its machine, as Ray names it."""
        return {"num_cpus": 1 if self.gpus else self.threads, "num_gpus": self.gpus}


def size(machines: Sequence[Mapping[str, float]], loading: Loading, threads: int, wanted: int | None = None) -> Size:
    """How a cluster is divided.

    On processors a worker has as many threads as one process would use here, since sums come out differently, in their
    last digits, with other numbers of threads. On GPUs it has one, or with a device map all of its machine.

    Args:
        machines: what each has, as Ray names it: CPU, GPU.
        loading: how the model is loaded.
        threads: of one process here.
        wanted: workers; where they do not fit, each has fewer threads. None takes as many as fit.

    Raises:
        EcoflapError: there is no room for one.
    """
    gpus = [int(one["GPU"]) for one in machines if one.get("GPU", 0) >= 1]
    if gpus and (loading.device or "cuda").startswith("cuda"):
        each = min(gpus) if loading.device_map else 1
        fit = sum(count // each for count in gpus)
        return Size(min(wanted or fit, fit), threads, each)
    cpus = [int(one.get("CPU", 0)) for one in machines]
    while threads > 1 and sum(count // threads for count in cpus) < (wanted or 1):
        threads -= 1
    fit = sum(count // threads for count in cpus)
    if not fit:
        raise EcoflapError("ray_full", machines=len(machines))
    return Size(min(wanted or fit, fit), threads)


class Cluster:
    """Workers of a cluster: they start with the first job of a sweep or a score, and end with the next or `close`."""

    def __init__(self, ray: Any, size: Size, loading: Loading) -> None:
        """Note how the cluster is divided; nothing starts."""
        self._ray, self.size, self._loading = ray, size, loading
        self.pool: Pool | None = None
        self._make: Callable[[], Work] | None = None

    def close(self) -> None:
        """End the workers."""
        if self.pool is not None:
            self.pool.close()

    def points(self, run: "Run", model: str) -> "Callable[[Sequence[Job]], Iterator[tuple[Job, Any]]]":
        """What measures the points of `run`, a sweep of `model`: jobs -> (job, (point, seconds)) as they come."""
        opening = Opening(model, self._loading, run.engine.source, run.engine.seed)
        return partial(self._work, partial(Points, opening, run.found, run.metric.name), run.engine)

    def units(self, engine: "Engine", settings: Settings, model: str) -> "Callable[..., Iterator[Any]]":
        """What measures the units of a score of `model` with these settings; see `importance.run.Spread`."""
        opening = Opening(model, self._loading, engine.source, engine.seed)
        make = partial(Units, opening, settings)

        def spread(task: Task, todo: Sequence[Unit], known: Values) -> Iterator[tuple[Unit, list[float]]]:
            units = {unit.key: unit for unit in todo}
            jobs = [Job(key, batch_of(key), key) for key in units]
            # A unit may take milliseconds: the next one is there when it is done.
            for job, (values, whole) in self._work(make, engine, jobs, dict(known), 2):
                task.whole_passes |= whole
                yield units[job.key], values

        return spread

    def _work(
        self, make: Callable[[], Work], engine: "Engine", jobs: Sequence[Job], shared: Any = None, ahead: int = 1
    ) -> Iterator[tuple[Job, Any]]:
        if self._make is not make:
            self.close()
            self._make = make
            place = Place(self.size.threads, os.environ.get("ECOFLAP_CACHE"))
            count = min(self.size.workers, len(jobs))
            self.pool = Pool(self._ray, make, count, place, self.size.needs, facts_of(engine))
        return self.pool.run(jobs, shared, ahead)


@contextmanager
def cluster(address: str, loading: Loading, wanted: int | None = None) -> Iterator[Cluster]:
    """The cluster at `address`; its workers end with the context.

    Args:
        address: see `connected`.
        loading: how workers load their model.
        wanted: workers; None takes as many as fit.

    Raises:
        EcoflapError: there is no such cluster, or it has no room for a worker.
    """
    import torch

    cpus = max(os.cpu_count() or 1, wanted) if wanted else None
    with connected(address, cpus) as ray:
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        found = Cluster(ray, size(machines, loading, torch.get_num_threads(), wanted), loading)
        try:
            yield found
        finally:
            found.close()
