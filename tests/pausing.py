"""Scoring that waits for the test at a unit of its choice."""

import threading
from contextlib import contextmanager

from ecoflap.engine import Engine


@contextmanager
def held_after(monkeypatch, units):
    """Runs pause when `units` units are measured: yields (has paused, go on)."""
    paused, go = threading.Event(), threading.Event()
    real = Engine.score

    def slow(self, settings, progress, *rest):
        def tell(step):
            goes_on = progress(step)
            if step.done >= units and not go.is_set():
                paused.set()
                go.wait()
                return progress(step)
            return goes_on

        return real(self, settings, tell, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "score", slow)
        try:
            yield paused, go
        finally:
            go.set()
