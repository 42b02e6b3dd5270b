"""What runs in a worker's process: it opens the model once, then does one job after another."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ecoflap.errors import EcoflapError, failure

# How a worker answers: with what came of it, or with an error's code and facts. Exceptions would bring tracebacks and
# objects along that another process need not know.
Said = tuple[str, Any]


class Work(Protocol):
    """A kind of work, with the model open."""

    def facts(self) -> dict[str, str]:
        """What the results depend on, which must be alike everywhere."""

    def begin(self, shared: Any) -> None:
        """Take what all jobs from now on need."""

    def do(self, what: Any) -> Any:
        """The result of a job."""


@dataclass(frozen=True)
class Place:
    """What a worker is to be like: the threads that torch uses, and the cache folder; None leaves them as they are."""

    threads: int | None = None
    cache: str | None = None


class Worker:
    """An actor. Its methods run one after another, in the order in which they were called."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._work: Work | None = None

    def open(self, make: Callable[[], Work]) -> Said:
        """Make ready for work; answers with (machine, process, facts)."""
        return self._said(self._open, make)

    def begin(self, shared: Any) -> Said:
        """See `Work.begin`."""
        return self._said(self._work.begin, shared)

    def do(self, what: Any) -> Said:
        """See `Work.do`."""
        return self._said(self._work.do, what)

    def _open(self, make: Callable[[], Work]) -> tuple[str, int, dict[str, str]]:
        if self._place.cache is not None:
            os.environ["ECOFLAP_CACHE"] = self._place.cache
        if self._place.threads is not None:
            import torch

            torch.set_num_threads(self._place.threads)
        self._work = make()
        return platform.node(), os.getpid(), self._work.facts()

    def _said(self, run: Callable[..., Any], *given: Any) -> Said:
        try:
            return "done", run(*given)
        except EcoflapError as error:
            return "failed", (error.code, error.facts)
        except Exception as error:  # whatever it is, the command that waits for it says it in one line
            told = failure(error, lambda reason: EcoflapError("ray_job", machine=platform.node(), reason=reason))
            return "failed", (told.code, told.facts)


def result(said: Said) -> Any:
    """What a worker answered.

    Raises:
        EcoflapError: it did not succeed.
    """
    how, what = said
    if how == "failed":
        code, facts = what
        error = EcoflapError(code, **facts)
        raise error
    return what
