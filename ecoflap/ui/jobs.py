"""Long work behind the page: in a thread of its own, one of a kind per person, its latest state shown, cancellable."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from ecoflap.errors import Cancelled

# Told the whole state so far, as often as the work likes; raises Cancelled once nobody wants more.
Tell = Callable[[Any], None]
# What ends the queue between worker and page: the result, or what was raised.
_END = object()


class Jobs:
    """What runs for whom. A page's events are other requests than the one that runs, so they meet here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], threading.Event] = {}

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
        stopped = self._begin(who, kind)
        states: queue.SimpleQueue = queue.SimpleQueue()

        def tell(state: Any) -> None:
            if stopped.is_set():
                raise Cancelled
            states.put(state)

        def target() -> None:
            try:
                states.put((_END, work(tell), None))
            except BaseException as error:  # whatever it is, whoever waits is told
                states.put((_END, None, error))

        threading.Thread(target=target, daemon=True, name=kind).start()
        try:
            yield from _drained(states)
        finally:
            stopped.set()
            with self._lock:
                if self._running.get((who, kind)) is stopped:
                    del self._running[who, kind]

    def _begin(self, who: str, kind: str) -> threading.Event:
        stopped = threading.Event()
        with self._lock:
            before = self._running.get((who, kind))
            self._running[who, kind] = stopped
        if before is not None:
            before.set()
        return stopped

    def stop(self, who: str, kind: str) -> None:
        """End a kind of work at its next step."""
        with self._lock:
            found = self._running.get((who, kind))
        if found is not None:
            found.set()

    def leave(self, request: gr.Request) -> None:
        """A page was closed: end all that runs for it."""
        with self._lock:
            found = [event for (who, _), event in self._running.items() if who == request.session_hash]
        for event in found:
            event.set()


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
