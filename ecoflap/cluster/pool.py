"""Workers of a cluster and their jobs: handed out, collected as they come, and done again where a worker is lost."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ecoflap.cluster.sharing import Job, Sharing
from ecoflap.cluster.worker import Place, Work, Worker, result
from ecoflap.errors import EcoflapError, first_line

# How often a job, or opening the model, may cost a worker its life before it is taken for the reason.
TRIES = 3


@dataclass(eq=False)
class _Seat:
    """A worker as its employer sees it: the answers that are awaited from it, in the order in which they will come."""

    actor: Any
    opening: Any
    waiting: deque[tuple[Any, Job]] = field(default_factory=deque)
    open: bool = False
    begun: bool = False

    @property
    def next(self) -> Any:
        """The answer that comes next; None where there is nothing to wait for."""
        if not self.open:
            return self.opening
        return self.waiting[0][0] if self.waiting else None


class Pool:
    """So many workers, which are actors of Ray; one that is lost is replaced. Close it, or use it as a context."""

    def __init__(
        self,
        ray: Any,
        make: Callable[[], Work],
        size: int,
        place: Place,
        needs: dict[str, float],
        facts: dict[str, str] | None = None,
    ) -> None:
        """Start the workers; they open the model while whoever called goes on.

        Args:
            ray: the module, connected.
            make: makes a worker's work.
            size: number of workers.
            place: what a worker is to be like.
            needs: processors and GPUs of one worker, as Ray names them.
            facts: what the work's facts must be; None takes any.
        """
        self._ray, self._make, self._place, self._facts = ray, ray.put(make), place, facts
        self._kind = ray.remote(Worker).options(scheduling_strategy="SPREAD", max_restarts=0, **needs)
        self._unopened = 0
        self._tries: dict[str, int] = {}
        # Workers that were lost so far; (machine, process) of those that are there.
        self.lost = 0
        self.there: dict[_Seat, tuple[str, int]] = {}
        self._seats = [self._new() for _ in range(size)]

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, whatever they do."""
        for seat in self._seats:
            self._end(seat)
        self._seats = []

    def wait(self) -> None:
        """Wait until every worker has opened the model.

        Raises:
            EcoflapError: they cannot.
        """
        while opening := {seat.opening: seat for seat in self._seats if not seat.open}:
            (answer,), _ = self._ray.wait(list(opening), num_returns=1)
            for _ in self._taken(opening[answer], answer, Sharing(())):
                pass  # before the first job there are no results

    def run(self, jobs: Sequence[Job], shared: Any = None, ahead: int = 1) -> Iterator[tuple[Job, Any]]:
        """(job, result) of all jobs, each as soon as it is known.

        Args:
            jobs: what to do.
            shared: given to every worker before its first job.
            ahead: jobs that a worker has at a time; more than one where they are so short that it would wait for the
                next one.

        Raises:
            EcoflapError: a job failed, workers cannot open the model, or a job cost several workers their lives.
        """
        queue, given = Sharing(jobs), self._ray.put(shared)
        for seat in self._seats:
            seat.begun = False
        while True:
            for seat in self._seats:
                self._hand_out(seat, queue, given, ahead)
            awaited = {seat.next: seat for seat in self._seats if seat.next is not None}
            if not len(queue) and not any(seat.waiting for seat in self._seats):
                return
            (answer,), _ = self._ray.wait(list(awaited), num_returns=1)
            yield from self._taken(awaited[answer], answer, queue)

    def _hand_out(self, seat: _Seat, queue: Sharing, given: Any, ahead: int) -> None:
        while seat.open and len(seat.waiting) < ahead and (job := queue.next_for(seat)) is not None:
            if not seat.begun:
                seat.actor.begin.remote(given)
                seat.begun = True
            seat.waiting.append((seat.actor.do.remote(job.what), job))

    def _taken(self, seat: _Seat, answer: Any, queue: Sharing) -> Iterator[tuple[Job, Any]]:
        """Take an answer: a worker that is ready, a result, or the news that the worker is gone."""
        try:
            said = self._ray.get(answer)
        except self._ray.exceptions.RayTaskError as error:  # before the worker's own code was reached
            raise EcoflapError("ray_job", machine="Ray", reason=first_line(error.cause)) from error
        except self._ray.exceptions.RayError as error:
            self._replace(seat, queue, first_line(error))
            return
        if seat.open:
            _, job = seat.waiting.popleft()
            yield job, result(said)
        else:
            self._opened(seat, *result(said))

    def _opened(self, seat: _Seat, machine: str, process: int, facts: dict[str, str]) -> None:
        for name, wanted in (self._facts or {}).items():
            if facts[name] != wanted:
                raise EcoflapError("ray_differs", machine=machine, name=name, found=facts[name], wanted=wanted)
        seat.open, self._unopened, self.there[seat] = True, 0, (machine, process)

    def _replace(self, seat: _Seat, queue: Sharing, reason: str) -> None:
        """A new worker for one that is gone; what it was doing is done by whoever is free first."""
        self.lost += 1
        if not seat.open:
            self._unopened += 1
            if self._unopened == TRIES:
                raise EcoflapError("ray_start", times=TRIES, reason=reason)
        elif seat.waiting:
            job = seat.waiting[0][1]
            self._tries[job.key] = self._tries.get(job.key, 0) + 1
            if self._tries[job.key] == TRIES:
                raise EcoflapError("ray_lost", job=job.key, times=TRIES, reason=reason)
        queue.give_back(seat, [job for _, job in seat.waiting])
        self._end(seat)
        self._seats[self._seats.index(seat)] = self._new()

    def _new(self) -> _Seat:
        actor = self._kind.remote(self._place)
        return _Seat(actor, actor.open.remote(self._make))

    def _end(self, seat: _Seat) -> None:
        self.there.pop(seat, None)
        with suppress(Exception):  # it may be gone, and so may the cluster
            self._ray.kill(seat.actor)
