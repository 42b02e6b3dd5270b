"""Which worker does what next: workers keep to groups of their own as long as there are enough of them."""

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """A piece of work.

    Attributes:
        key: its name, unlike every other's.
        group: jobs of one group share something that a worker makes once, as the outputs of a batch.
        what: whatever a worker needs to know.
    """

    key: str
    group: Hashable
    what: Any = None


class Sharing:
    """Jobs that wait. They are handed out in order, group by group; a group is shared where no other is untouched."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._waiting: dict[Hashable, deque[Job]] = {}
        for job in jobs:
            self._waiting.setdefault(job.group, deque()).append(job)
        self._of: dict[Hashable, Hashable] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def next_for(self, worker: Hashable) -> Job | None:
        """A job for `worker`: of its group, else of one that is nobody's, else of the longest; None at the end."""
        groups = [group for group, jobs in self._waiting.items() if jobs]
        if not groups:
            return None
        if worker not in self._of or self._of[worker] not in groups:
            taken = set(self._of.values())
            free = [group for group in groups if group not in taken]
            self._of[worker] = free[0] if free else max(groups, key=lambda group: len(self._waiting[group]))
        return self._waiting[self._of[worker]].popleft()

    def give_back(self, worker: Hashable, jobs: Iterable[Job]) -> None:
        """`worker` is gone: its jobs come next, and its group is nobody's."""
        self._of.pop(worker, None)
        for job in reversed(list(jobs)):
            self._waiting[job.group].appendleft(job)
