"""Lines in front of the model: whoever comes first goes first, and everybody knows how many are before them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Seconds after which whoever waits tells its place, and hears whether to go on waiting; a shorter wait is none.
PACE = 0.2
# Lines by the kind of work, and how many of each are at work at once. A question holds the model for a moment; ladders,
# batches and sweeps take seconds to minutes and hold it for a few answers at a time, so nobody's question waits behind
# them. Two sweeps at once would only both take twice as long.
SEATS = {"ask": 1, "ladder": 2, "batch": 4, "sweep": 1}


class Line:
    """One line of people with `seats` places at its head."""

    def __init__(self, seats: int = 1) -> None:
        self._seats, self._moved = seats, threading.Condition()
        self._people: list[object] = []

    def __len__(self) -> int:
        """How many wait or are at work."""
        return len(self._people)

    @contextmanager
    def turn(self, told: Callable[[int], None]) -> Iterator[None]:
        """Wait until it is one's turn, which lasts as long as the context.

        Args:
            told: told again and again how many have to be done before; whatever it raises ends the waiting.
        """
        me = object()
        with self._moved:
            self._people.append(me)
        try:
            while before := self._before(me):
                with self._moved:
                    if self._moved.wait_for(lambda was=before: self._before(me) < was, PACE):
                        continue
                told(before)
            yield
        finally:
            with self._moved:
                self._people.remove(me)
                self._moved.notify_all()

    def _before(self, me: object) -> int:
        return max(0, self._people.index(me) - self._seats + 1)


def lines() -> dict[str, Line]:
    """An empty line of every kind."""
    return {kind: Line(seats) for kind, seats in SEATS.items()}
