"""Long work behind the page: in a thread of its own, one of a kind per person, its latest state shown, cancellable."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ecoflap.errors import Cancelled
from ecoflap.texts import say
from ecoflap.turns import Line

# Told the whole state so far, as often as the work likes; raises Cancelled once nobody wants more. The very same object
# again is no news: whoever waits asks with it whether to go on.
Tell = Callable[[Any], None]
# Seconds after which whoever waits for the model asks that.
PACE = 0.2
# What ends the queue between worker and page: the result, or what was raised.
_END = object()


class Jobs:
    """What runs for whom. A page's events are other requests than the one that runs, so they meet here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], _Job] = {}

    def run(self, who: str, kind: str, work: Callable[[Tell], Any]) -> Iterator[Any]:
        """States that `work` tells, the latest where several wait, and what it returns.

        Args:
            who: the session.
            kind: of work; a second one of the same kind stops the first.
            work: called with `tell`.

        Raises:
            Cancelled: `stop` said so.
            Exception: what `work` raised.
        """
        job = self._begin(who, kind)
        states: queue.SimpleQueue = queue.SimpleQueue()
        latest = None

        def tell(state: Any) -> None:
            nonlocal latest
            if job.stopped.is_set():
                raise Cancelled
            if state is not latest:
                latest = state
                states.put(state)

        def target() -> None:
            try:
                states.put((_END, work(tell), None))
            except BaseException as error:  # whatever it is, whoever waits is told
                states.put((_END, None, error))

        threading.Thread(target=target, daemon=True, name=kind).start()
        try:
            for state in _drained(states):
                if job.dropped:
                    return
                yield state
        except Exception:
            if not job.dropped:
                raise
        finally:
            job.stopped.set()
            with self._lock:
                if self._running.get((who, kind)) is job:
                    del self._running[who, kind]

    def _begin(self, who: str, kind: str) -> "_Job":
        job = _Job()
        with self._lock:
            before = self._running.get((who, kind))
            self._running[who, kind] = job
        if before is not None:
            before.stopped.set()
        return job

    def stop(self, who: str, kind: str, drop: bool = False) -> None:
        """End a kind of work at its next step; with `drop`, what it was about is gone, and it says nothing more."""
        with self._lock:
            found = self._running.get((who, kind))
        if found is not None:
            found.dropped = found.dropped or drop
            found.stopped.set()

    def leave(self, request: gr.Request) -> None:
        """A page was closed: end all that runs for it."""
        with self._lock:
            found = [job for (who, _), job in self._running.items() if who == request.session_hash]
        for job in found:
            job.stopped.set()


def wait_for(explorer: Any, tell: Tell, state: Any) -> None:
    """Wait for the weights of `explorer`, telling `state` meanwhile.

    Raises:
        EcoflapError: they could not be loaded, or are gone.
        Cancelled: nobody waits any more.
    """
    while not explorer.loaded_within(PACE):
        tell(state)
    explorer.wait()


def in_turn(line: Line, tell: Tell, language: str) -> AbstractContextManager[None]:
    """A turn in `line`, as a context; until it comes the page says how many people are before this one.

    Raises:
        Cancelled: nobody waits any more.
    """
    states: dict[int, dict[str, Any]] = {}

    def told(before: int) -> None:
        if before not in states:
            states[before] = {"state": "busy", "words": waiting(before, language), "before": before}
        tell(states[before])

    return line.turn(told)


def waiting(before: int, language: str) -> str:
    """How many people are before one, in words."""
    return say("page.turn.one" if before == 1 else "page.turn.many", language, count=before)


@dataclass
class _Job:
    """Work under way: whether it is to end, and whether nobody is to hear of it any more."""

    stopped: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False


def _drained(states: queue.SimpleQueue) -> Iterator[Any]:
    """The latest state whenever there is a new one; at the end the result, or the error raised.

    Where no result takes its place, the last state is never lost: what was done before an error is shown.
    """
    while True:
        waiting = [states.get()]
        while not _is_end(waiting[-1]) and not states.empty():
            waiting.append(states.get())
        if not _is_end(waiting[-1]):
            yield waiting[-1]
            continue
        _, result, error = waiting.pop()
        if waiting and result is None:
            yield waiting[-1]
        if error is not None:
            raise error
        if result is not None:
            yield result
        return


def _is_end(state: Any) -> bool:
    return isinstance(state, tuple) and len(state) == 3 and state[0] is _END
