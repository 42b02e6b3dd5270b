"""A run ends, whatever its looks run into."""

import pytest

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.importance.settings import Settings
from ecoflap.measuring import Measuring
from ecoflap.types import Layer

KNOWN = (Layer("a", "b", "vision", 2, 3, 1.0, 0.1),)


class Engine:
    """Lets itself be looked at with `look`, and is then stopped."""

    def __init__(self, look, meanwhile=lambda: None):
        self.look, self.meanwhile = look, meanwhile

    def score(self, settings, tell, source, watch):
        watch(self.look)
        self.meanwhile()
        raise Cancelled


def fails():
    raise KeyError("x")


@pytest.mark.parametrize("look", [fails, lambda: KNOWN])
def test_a_look_that_fails_ends_no_run_and_frees_the_place(look, monkeypatch):
    monkeypatch.setattr(Measuring, "_clock", lambda *_: None)
    runs = Measuring()
    runs.begin(Settings())
    with pytest.raises(Cancelled):
        runs.run(Engine(look), None, EcoflapError)
    assert runs.now.state == "stopped"
    assert runs.begin(Settings()).state == "running"


def test_a_look_that_fails_leaves_what_is_known(monkeypatch):
    monkeypatch.setattr(Measuring, "_clock", lambda *_: None)
    runs = Measuring()
    runs.begin(Settings())
    looks = iter([lambda: KNOWN, fails])
    seen = []

    def meanwhile():
        for _ in range(2):
            runs._next = 0.0
            seen.append(runs.known())

    with pytest.raises(Cancelled):
        runs.run(Engine(lambda: next(looks, fails)(), meanwhile), None, EcoflapError)
    assert seen == [KNOWN, KNOWN] and runs.known() == KNOWN
