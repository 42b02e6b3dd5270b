"""Long work behind the page: what it tells arrives in order, the latest counts, and it ends when nobody wants it."""

import threading

import gradio as gr
import pytest

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.ui.jobs import Jobs


def request(session: str) -> gr.Request:
    found = gr.Request()
    found.session_hash = session
    return found


class Steps:
    """Work that tells a number whenever it is let go on, for ever; `ended` is set when it was told to stop."""

    def __init__(self) -> None:
        self.next, self.ended = threading.Semaphore(0), threading.Event()

    def __call__(self, tell):
        number = 0
        try:
            while self.next.acquire(timeout=10):
                number += 1
                tell(number)
        except Cancelled:
            self.ended.set()
            raise


def test_states_come_in_order_and_the_result_last():
    step = threading.Semaphore(0)

    def work(tell):
        for number in range(3):
            tell(number)
            step.acquire(timeout=10)
        return "done"

    found = []
    for state in Jobs().run("me", "count", work):
        found.append(state)
        step.release()
    assert found == [0, 1, 2, "done"]


def test_where_several_wait_the_latest_counts():
    seen, told = threading.Event(), threading.Event()

    def work(tell):
        tell("first")
        seen.wait(10)
        for number in range(100):
            tell(number)
        told.set()

    states = Jobs().run("me", "count", work)
    assert next(states) == "first"
    seen.set()
    assert told.wait(10)
    assert [*states] == [99]


def test_work_without_a_result_ends_with_its_last_state():
    assert [*Jobs().run("me", "count", lambda tell: tell("only"))] == ["only"]
    assert [*Jobs().run("me", "count", lambda tell: None)] == []


def test_stop_ends_the_work_at_its_next_step_and_says_cancelled():
    jobs, work = Jobs(), Steps()
    states = jobs.run("me", "count", work)
    work.next.release()
    assert next(states) == 1
    jobs.stop("me", "other")
    jobs.stop("you", "count")
    work.next.release()
    assert next(states) == 2
    jobs.stop("me", "count")
    work.next.release()
    with pytest.raises(Cancelled):
        next(states)
    assert work.ended.is_set()
    jobs.stop("me", "count")  # nothing runs any more: nothing happens


def test_a_second_one_of_a_kind_stops_the_first_and_outlives_it():
    jobs, first, second = Jobs(), Steps(), Steps()
    old = jobs.run("me", "count", first)
    first.next.release()
    next(old)
    new = jobs.run("me", "count", second)
    second.next.release()
    assert next(new) == 1
    first.next.release()
    with pytest.raises(Cancelled):
        next(old)
    second.next.release()
    assert next(new) == 2
    jobs.stop("me", "count")
    second.next.release()
    with pytest.raises(Cancelled):
        next(new)


def test_other_kinds_and_other_people_go_on():
    jobs, mine, yours = Jobs(), Steps(), Steps()
    runs = [jobs.run("me", "count", mine), jobs.run("you", "count", yours)]
    for steps, run in zip((mine, yours), runs):
        steps.next.release()
        assert next(run) == 1
    jobs.leave(request("me"))
    for steps in (mine, yours):
        steps.next.release()
    assert next(runs[1]) == 2
    with pytest.raises(Cancelled):
        next(runs[0])
    runs[1].close()


def test_whoever_stops_listening_ends_the_work():
    work = Steps()
    states = Jobs().run("me", "count", work)
    work.next.release()
    next(states)
    states.close()
    work.next.release()
    assert work.ended.wait(10)


def test_what_the_work_raises_reaches_whoever_waits():
    def fail(tell):
        tell("begun")
        raise EcoflapError("question_empty")

    found = []
    with pytest.raises(EcoflapError, match="There is no question"):
        found.extend(Jobs().run("me", "count", fail))

    assert found == ["begun"], "what was done before is lost"

    def exit_(tell):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        [*Jobs().run("me", "count", exit_)]


def test_a_state_that_is_a_tuple_is_a_state():
    assert [*Jobs().run("me", "count", lambda tell: (1, 2, 3))] == [(1, 2, 3)]


@pytest.mark.parametrize("tidy", [True, False])
def test_of_work_that_is_dropped_nothing_more_is_heard(tidy):
    jobs, go = Jobs(), threading.Semaphore(0)

    def work(tell):
        try:
            while True:
                tell(object())
                go.acquire(timeout=10)
        except Cancelled:
            if tidy:
                return "stopped"
            raise

    states = jobs.run("me", "count", work)
    next(states)
    jobs.stop("me", "count", drop=True)
    go.release()
    assert [*states] == []


def test_the_same_object_again_is_no_news():
    def work(tell):
        state = {"waiting": True}
        for _ in range(3):
            tell(state)
        return "done"

    assert [*Jobs().run("me", "wait", work)] in ([{"waiting": True}, "done"], ["done"])
