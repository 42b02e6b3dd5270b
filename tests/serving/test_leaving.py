"""Who goes away in the middle of something: it ends, the model is free, and the next one in line begins."""

import json
import time
import urllib.request

import pytest

from ecoflap import blaming, breaking
from ecoflap.engine import Engine
from ecoflap.turns import SEATS
from ecoflap.ui import listening
from tests.serving.raw import Raw

QUESTION = [None, "What colour is the circle?", None]
# Kind of work: its line; element, event, values before the knobs, event data; what a message has once it is at work.
WORK = {
    "ask": ("ask", ("ask", "click", QUESTION, None), '"saying"'),
    "ladder": ("ladder", ("ladder", "climb", QUESTION[:2], {"run": 1, "allocators": ["uniform"]}), '"rungs"'),
    "blame": ("ladder", ("blame", "explain", QUESTION[:2], {"run": 1}), '"blocks"'),
    "batch": ("batch", ("batch-examples", "click", [None], None), '"rows"'),
}

WHOLE = ("block", "sum", ["vision", "language"])
# Endpoints that run long, with what they are given and what a message has once they are at work.
CALLS = {
    "score": (["zeroth-order", 512, 5, 1, "GradMagAbs", ""], '"running"'),
    "sweep": ([["uniform"], ["magnitude"], [0.1, 0.2, 0.3], 1000, 0, None, 0.1, *WHOLE, ""], '"points"'),
}


def endless(kind, demo, monkeypatch):
    """Make one kind of work take far longer than this test."""
    model = type(demo.engine.model)
    aloud, answer = model.answer_aloud, Engine.answer

    def slowly(self, sample, hear):
        said = aloud(self, sample, lambda answer: None)
        for _ in range(1200):
            hear(said)
            time.sleep(0.05)
        return said

    def again(real):
        def work(*given):
            while True:
                yield from real(*given)
                time.sleep(0.05)

        return work

    monkeypatch.setattr(demo._answers, "get", lambda key: None)
    place, name, slow = {
        "ask": (model, "answer_aloud", slowly),
        "ladder": (breaking, "climb", again(breaking.climb)),
        "blame": (blaming, "restore", again(blaming.restore)),
        "batch": (Engine, "answer", lambda self, *given: time.sleep(2) or answer(self, *given)),
    }[kind]
    monkeypatch.setattr(place, name, slow)


def begun(url, like, event):
    """Somebody who has begun this work: the messages, as they come."""
    visitor = Raw(url, like=like)
    element, name, data, sent = event
    status, text = visitor.join(visitor.body(element, name, [*data, *visitor.defaults], sent))
    assert status == 200, text
    return visitor.messages()


def read_until(messages, mark):
    """The first message with `mark` in it."""
    for message in messages:
        text = json.dumps(message)
        assert message["msg"] != "process_completed", text
        if mark in text:
            return text
    raise AssertionError(f"never {mark}")


@pytest.mark.parametrize("kind", WORK)
def test_closed_pages_end_their_work_and_the_next_one_in_line_begins(url, demo, visitor, monkeypatch, kind):
    endless(kind, demo, monkeypatch)
    line, event, mark = WORK[kind]
    leavers = [begun(url, visitor, event) for _ in range(SEATS[line])]
    for messages in leavers:
        read_until(messages, mark)
    following = begun(url, visitor, event)
    read_until(following, "One person is before you")
    leavers.pop().close()
    read_until(following, mark)
    for messages in (following, *leavers):
        messages.close()
    assert demo.engine.lock.acquire(timeout=30)
    demo.engine.lock.release()


def called(visitor, name):
    """Call an endpoint as curl does: the address of its stream, which nobody has opened yet."""
    address = f"/gradio_api/call/{name}"
    status, text = visitor.post(address, {"data": CALLS[name][0]})
    assert status == 200, text
    return f"{visitor.url}{address}/{json.loads(text)['event_id']}"


def at_work(visitor, name):
    """Open the stream of an endpoint that is called until it is at work; the stream, to be cut."""
    stream = urllib.request.urlopen(called(visitor, name), timeout=60)
    for line in stream:
        assert b"event: error" not in line, line
        if CALLS[name][1].encode() in line:
            return stream
    raise AssertionError(f"{name} did nothing")


def begins(visitor, name):
    """Wait until an endpoint takes somebody again, and leave."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with urllib.request.urlopen(called(visitor, name), timeout=60) as stream:
            for line in stream:  # of a sweep first how many are before it, until the one that ends has ended
                if CALLS[name][1].encode() in line:
                    return
                said = line if line.startswith(b"data:") else b""
                if said and b'"before"' not in said:
                    assert b"already" in said, said  # somebody else's run goes on
        time.sleep(0.2)
    raise AssertionError(f"{name} is held by nobody")


@pytest.mark.parametrize("opened", [True, False], ids=["cut", "never opened"])
@pytest.mark.parametrize("name", CALLS)
def test_a_client_that_vanishes_ends_its_run(url, demo, visitor, monkeypatch, name, opened):
    if opened:
        at_work(visitor, name).close()
    else:
        monkeypatch.setattr(listening, "PATIENCE", 1)
        called(visitor, name)
    begins(visitor, name)
    demo.stop_measuring()
    demo.measurements.wait()
    assert demo.engine.lock.acquire(timeout=30)
    demo.engine.lock.release()
