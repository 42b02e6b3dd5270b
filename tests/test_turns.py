"""Lines in front of the model."""

import queue
import threading

import pytest

from ecoflap.errors import Cancelled
from ecoflap.turns import Line


class Person(threading.Thread):
    """Takes a turn in a thread of its own; `heard` are the places it was told, `go` ends the turn."""

    def __init__(self, line):
        super().__init__(daemon=True)
        self.line, self.heard = line, queue.SimpleQueue()
        self.begun, self.go = threading.Event(), threading.Event()
        self.leaves = False
        self.start()

    def told(self, before):
        if self.leaves:
            raise Cancelled
        self.heard.put(before)

    def run(self):
        try:
            with self.line.turn(self.told):
                self.begun.set()
                assert self.go.wait(20)
        except Cancelled:
            pass

    def hears(self, before):
        """Wait until told this place."""
        while self.heard.get(timeout=20) != before:
            pass


@pytest.fixture
def line():
    return Line()


def test_who_comes_first_goes_first_and_all_know_their_place(line):
    first = Person(line)
    assert first.begun.wait(20)
    second = Person(line)
    second.hears(1)
    third = Person(line)
    third.hears(2)
    assert not second.begun.is_set()
    first.go.set()
    assert second.begun.wait(20)
    third.hears(1)
    assert not third.begun.is_set() and len(line) == 2
    second.go.set()
    assert third.begun.wait(20)
    third.go.set()
    third.join(20)
    assert len(line) == 0
    assert first.heard.empty()


def test_who_leaves_lets_the_next_one_move_up(line):
    first = Person(line)
    assert first.begun.wait(20)
    second = Person(line)
    second.hears(1)
    third = Person(line)
    third.hears(2)
    second.leaves = True
    third.hears(1)
    second.join(20)
    first.go.set()
    assert third.begun.wait(20)
    third.go.set()


def test_a_turn_that_fails_is_over(line):
    with pytest.raises(ValueError), line.turn(print):
        raise ValueError
    with line.turn(print):
        pass
    assert len(line) == 0


def test_several_may_be_at_work(line):
    line = Line(2)
    people = [Person(line), Person(line)]
    assert all(person.begun.wait(20) for person in people)
    third = Person(line)
    third.hears(1)
    people[1].go.set()
    assert third.begun.wait(20)
    for person in (third, people[0]):
        person.go.set()
