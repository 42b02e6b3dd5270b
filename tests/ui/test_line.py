"""Every kind of long work waits in its line, says how many are before it, and begins when it is its turn."""

import threading
from types import SimpleNamespace

import pytest

from ecoflap.host import Host
from ecoflap.turns import SEATS
from ecoflap.ui import session
from ecoflap.ui.asking import Asking
from ecoflap.ui.batching import Batching
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs
from ecoflap.ui.laddering import Laddering
from tests.ui.fakes import FakeExplorer

KNOBS = [*session.DEFAULTS.values()]
QUESTION = (session.example_token(0), "What is it?")
REQUEST, EVENT = SimpleNamespace(session_hash="me"), SimpleNamespace(_data={"run": 1, "kind": "ladder"})
WORK = {
    "ask": ("ask", lambda handlers, jobs: Asking(handlers, jobs).ask(REQUEST, *QUESTION, None, *KNOBS)),
    "ladder": ("ladder", lambda handlers, jobs: Laddering(handlers, jobs).climb(EVENT, REQUEST, *QUESTION, *KNOBS)),
    "blame": ("ladder", lambda handlers, jobs: Laddering(handlers, jobs).explain(EVENT, REQUEST, *QUESTION, *KNOBS)),
    "batch": ("batch", lambda handlers, jobs: Batching(handlers, jobs).examples(REQUEST, None, *KNOBS)),
}
WORDS = {
    "en": ("2 people are before you", "One person is before you"),
    "zh": ("2", ""),
}


def busy(line):
    """Take all places of a line at work, and one more that waits: (free the first place, end of all)."""
    free, end, waits = threading.Event(), threading.Event(), threading.Event()
    ready = threading.Semaphore(0)

    def person(until):
        with line.turn(lambda before: waits.set()):
            ready.release()
            until.wait(30)

    seats = line._seats
    for number in range(seats):
        threading.Thread(target=person, args=(free if number == 0 else end,), daemon=True).start()
    for _ in range(seats):
        assert ready.acquire(timeout=30)
    threading.Thread(target=person, args=(end,), daemon=True).start()
    assert waits.wait(30)
    return free, end


@pytest.mark.parametrize("kind", WORK)
@pytest.mark.parametrize("language", WORDS)
def test_who_waits_is_told_the_place_and_may_leave(kind, language):
    host, jobs = Host(FakeExplorer()), Jobs()
    name, begin = WORK[kind]
    line = host.lines[name]
    free, end = busy(line)
    told = (value[1] if isinstance(value, tuple) else value for value in begin(Handlers(host, language), jobs))
    waiting = next(value for value in told if value and "before" in value)
    assert (waiting["before"], waiting["state"]) == (2, "busy") and WORDS[language][0] in waiting["words"]
    free.set()
    nearer = next(value for value in told if value and "before" in value)
    assert nearer["before"] == 1 and WORDS[language][1] in nearer["words"]
    jobs.leave(REQUEST)
    last = [*told]
    assert not any(value and "before" in value for value in last)
    end.set()
    assert host.explorer.calls["ask"] + host.explorer.calls["answer"] == 0
    assert SEATS[name] == line._seats
