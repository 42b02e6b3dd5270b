"""An endpoint tells on while somebody reads, and ends where nobody does."""

from types import SimpleNamespace

import pytest

from ecoflap.ui import listening
from ecoflap.ui.listening import while_heard

REQUEST = SimpleNamespace(session_hash="one")


@pytest.fixture
def clock(monkeypatch):
    """Seconds as the module sees them."""
    now = SimpleNamespace(at=0.0)
    monkeypatch.setattr(listening, "time", SimpleNamespace(monotonic=lambda: now.at))
    return now


@pytest.fixture
def heard():
    """(what an endpoint tells, whether it was closed, how many messages lie unread)."""
    closed, unread = [], SimpleNamespace(count=0)

    def states():
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    waiting = {"one": SimpleNamespace(qsize=lambda: unread.count), "two": SimpleNamespace(qsize=lambda: 9)}
    page = SimpleNamespace(_queue=SimpleNamespace(pending_messages_per_session=waiting))
    return while_heard(states(), page, REQUEST), closed, unread


def test_who_reads_now_and_then_is_told_on(clock, heard):
    told, closed, unread = heard
    for at in range(0, 200, 20):
        clock.at, unread.count = at, at % 40 and 7
        next(told)
    assert closed == []
    told.close()
    assert closed == [True]


def test_who_reads_nothing_any_more_ends_it(clock, heard):
    told, closed, unread = heard
    next(told)
    unread.count = 1
    clock.at = listening.PATIENCE
    assert next(told) == 1
    clock.at += 0.1
    assert next(told, None) is None and closed == [True]


def test_where_gradio_keeps_nothing_all_is_told(clock):
    page = SimpleNamespace(_queue=SimpleNamespace(pending_messages_per_session={}))
    clock_states = (setattr(clock, "at", clock.at + 100) for _ in range(3))
    assert [*while_heard(clock_states, page, REQUEST)] == [None] * 3
