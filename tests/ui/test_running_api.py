"""The endpoints that take long: progress, one at a time, stopping with whoever listens, and what strangers may name."""

import threading
import time
from dataclasses import replace

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.host import Host
from ecoflap.sweep import Sweep, SweepPoint, SweepStep
from ecoflap.ui import build, launch_options
from ecoflap.ui.jobs import Jobs
from ecoflap.ui.running_api import Running
from ecoflap.ui.sweep_run import Wish
from tests.ui.fakes import FakeExplorer

FIRST = {"method": "first-order", "samples": 8, "seed": 1, "draws": 1, "gradient": "GradOnly"}
SMALL = Sweep(("uniform",), ("magnitude",), (0.5,))


@pytest.fixture
def explorer():
    return FakeExplorer()


@pytest.fixture
def running(explorer):
    return Running(Host(explorer), Jobs(), "en")


def move(explorer, **facts):
    explorer.measurements.now = replace(explorer.measurements.now, **facts)


def test_a_measurement_tells_how_far_it_is_until_it_is_done(explorer, running):
    told = running.score(FIRST, "")
    first = next(told)
    assert (first["state"], first["left"], first["fingerprint"], first["samples"]) == ("running", None, None, 8)
    assert explorer.measured[0][0].gradient == "GradOnly" and explorer.measured[0][1] is None
    move(explorer, done=1, total=2, left=3.21)
    assert (second := next(told))["done"] == 1 and second["left"] == 3.2
    move(explorer, state="done", done=2, bundle="0123456789abcdef")
    assert next(told)["fingerprint"] == "0123456789abcdef"
    assert next(told, None) is None and explorer.calls["stop_measuring"] == 0


def test_whoever_stops_listening_stops_the_run_but_no_other_one(explorer, running):
    told = running.score(FIRST, "")
    next(told)
    with pytest.raises(EcoflapError, match="0 of 0"):
        next(running.score(FIRST, ""))
    assert explorer.calls["stop_measuring"] == 0
    told.close()
    assert explorer.calls["stop_measuring"] == 1


def test_a_run_that_fails_says_why(explorer, running):
    told = running.score(FIRST, "")
    next(told)
    move(explorer, state="failed", error=EcoflapError("samples_none", path="x"))
    with pytest.raises(EcoflapError):
        next(told)


@pytest.mark.parametrize(
    "wished", [{"method": "luck"}, {"samples": 0}, {"samples": 513}, {"samples": "8"}, {"draws": True}, {"seed": -1}]
)
def test_settings_have_bounds(explorer, running, wished):
    with pytest.raises(EcoflapError):
        next(running.score(FIRST | wished, ""))
    assert explorer.measured == []


def test_strangers_have_lower_bounds(explorer, slow):
    slow[0].set()
    own, strangers = Running(Host(explorer), Jobs(), "en"), Running(Host(explorer, free=False), Jobs(), "en")
    large = Sweep(("uniform",), ("magnitude",), tuple(i / 100 for i in range(21)))
    for wished, words in (({"samples": 65}, "samples is 65.*1 to 64"), ({"draws": 17}, "draws is 17.*1 to 16")):
        with pytest.raises(EcoflapError, match=words):
            next(strangers.score(FIRST | wished, ""))
    for sweep, questions, words in ((large, 1, "21 points.*takes 20"), (SMALL, 201, "questions is 201.*1 to 200")):
        with pytest.raises(EcoflapError, match=words):
            next(strangers.sweep(Wish(sweep, questions, 0), "one"))
        assert [*own.sweep(Wish(sweep, questions, 0), "one")][-1]["state"] == "done"
    assert explorer.measured == []
    assert [*strangers.sweep(Wish(SMALL, 200, 0), "one")][-1]["state"] == "done"
    next(strangers.score(FIRST | {"samples": 64, "draws": 16}, ""))


def test_strangers_name_no_files(explorer):
    running = Running(Host(explorer, free=False), Jobs(), "en")
    for refused in (
        lambda: next(running.score(FIRST, "/etc/passwd")),
        lambda: next(running.sweep(Wish(SMALL, 1, 0, "/etc/passwd"), "one")),
    ):
        with pytest.raises(EcoflapError, match="/etc/passwd"):
            refused()


@pytest.fixture
def slow(monkeypatch):
    """A sweep that waits for `go` after its first point; whether it was stopped."""
    go, stopped = threading.Event(), threading.Event()

    def points(self, wish, tell):
        point = SweepPoint(
            "dense", "dense", 0.0, 0.0, 0, wish.questions, 1, 1.0, 0.2, 1.0, 0.5, 1.0, "{}", 0.1, "k", "a"
        )
        state = {"state": "running", "points": [point.allocator]}
        try:
            while not go.wait(0.01):
                tell(state | {"at": time.monotonic()})
        except Cancelled:
            stopped.set()
            raise
        return state | {"state": "done"}

    monkeypatch.setattr(Running, "_points", points)
    yield go, stopped
    go.set()


def test_one_sweep_at_a_time_and_the_next_after_it(running, slow):
    told = running.sweep(Wish(SMALL, 4, 0), "one")
    assert next(told)["points"] == ["dense"]
    with pytest.raises(EcoflapError, match="one at a time"):
        next(running.sweep(Wish(SMALL, 4, 0), "two"))
    slow[0].set()
    assert [*told][-1]["state"] == "done"
    assert [*running.sweep(Wish(SMALL, 4, 0), "two")][-1]["state"] == "done"


def test_a_client_that_cancels_stops_its_sweep(explorer, slow):
    blocks = build(explorer)
    blocks.launch(prevent_thread_lock=True, **launch_options())
    client = Client(blocks.local_url, verbose=False)
    job = client.submit(questions=4, api_name="/sweep")
    assert next(iter(job))["points"] == ["dense"]
    with pytest.raises(AppError, match="one at a time"):
        client.predict(questions=4, api_name="/sweep")
    job.cancel()
    assert slow[1].wait(20), "nobody told the worker"
    for wrong, words in (
        ({"questions": 0}, "questions"),
        ({"allocators": [["a"]]}, "allocator"),
        ({"targets": ["x"]}, "target"),
        ({"targets": [0.5, 2]}, "target"),
        ({"targets": []}, "targets is"),
        ({"targets": [i / 1000 for i in range(101)], "allocators": ["uniform"]}, "101"),
        ({"modalities": "smell"}, "modalities"),
    ):
        with pytest.raises(AppError, match=words):
            client.predict(**wrong, api_name="/sweep")
    blocks.close()


def test_steps_are_told_as_json_can_say_them():
    from ecoflap.ui.running_api import _number

    assert _number(float("nan")) is None and _number(SweepStep(0, 1, 0, 1, 2.345).left) == 2.3
