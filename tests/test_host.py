"""Changing the model: the old one stays until the new one is there, and comes back where it had to make room."""

import threading

import pytest

from ecoflap.errors import EcoflapError
from ecoflap.host import Host, Offer
from ecoflap.types import Loading
from tests.ui.fakes import FakeExplorer

OLD, NEW = "demo", "other/model"


def hosted(fits=True, **hosting):
    """A host of an old model, and the new one that it would open, which is loading."""
    new = FakeExplorer(spec=NEW, loaded=False)
    opened = []

    def make(spec, scores, loading, calibration, start):
        assert not start
        opened.append((spec, calibration))
        return new

    host = Host(FakeExplorer(spec=OLD), make=make, room_for=lambda spec, loading: fits, **hosting)
    return host, new, opened


def test_the_old_model_stays_until_the_new_one_is_there():
    host, new, opened = hosted()
    old = host.explorer
    host.open(f" {NEW} ", " folder ")
    assert host.explorer is old and host.generation == 0
    assert host.state()["opening"] == new.name
    new.loaded.set()
    host.wait()
    assert host.explorer is new and host.generation == 1
    assert opened == [(NEW, "folder")]
    assert (old.calls["close"], new.calls["start"]) == (1, 1)
    assert host.state() == {"spec": NEW, "opening": None, "words": "", "error": None}


def test_where_both_do_not_fit_the_old_one_makes_room_first():
    host, new, _ = hosted(fits=False)
    order = []
    host.explorer.close = lambda: order.append("close")
    new.start = lambda: (order.append("start"), new.loaded.set())
    host.open(NEW)
    host.wait()
    assert order == ["close", "start"]
    assert host.explorer is new


@pytest.mark.parametrize("fits", [True, False])
def test_a_model_that_fails_leaves_the_old_one(fits):
    host, new, _ = hosted(fits)
    old = host.explorer
    host.open(NEW)
    new.error = EcoflapError("model_not_found", spec=NEW)
    new.loaded.set()
    host.wait()
    assert host.explorer is old and host.generation == 0
    assert "neither a folder nor a hub id" in host.state()["error"]
    # Only one that had been closed is opened again.
    assert (old.calls["close"], old.calls["start"]) == ((0, 0) if fits else (1, 1))


def test_opening_can_be_cancelled():
    host, _, _ = hosted()
    host.open(NEW)
    host.cancel()
    host.wait()
    assert host.explorer.spec == OLD
    assert "cancelled" in host.state()["error"]


def test_a_cancel_before_loading_has_begun_is_not_lost():
    asked, go = threading.Event(), threading.Event()
    host, new, _ = hosted()
    host._room_for = lambda *_: asked.set() or go.wait()
    new.cancel = lambda: None
    host.open(NEW)
    asked.wait()
    host.cancel()
    go.set()
    host.wait()
    assert new.calls["start"] == 0
    assert "cancelled" in host.state()["error"]


def test_whatever_goes_wrong_is_said_and_leaves_the_host_usable():
    host, new, _ = hosted()
    room_for, host._room_for = host._room_for, lambda *_: 1 / 0
    host.open(NEW)
    host.wait()
    assert "ZeroDivisionError" in host.state()["error"]
    host._room_for = room_for
    new.loaded.set()
    host.open(NEW)
    host.wait()
    assert host.explorer is new and host.state()["error"] is None


def test_one_at_a_time():
    host, new, _ = hosted()
    host.open(NEW)
    with pytest.raises(EcoflapError, match="being opened already"):
        host.open("third/model")
    new.loaded.set()
    host.wait()


@pytest.mark.parametrize("spec", [None, "", "  ", 5, {}])
def test_nothing_named_is_a_sentence(spec):
    with pytest.raises(EcoflapError, match="No model is named"):
        hosted()[0].open(spec)


@pytest.mark.parametrize("asked", [("other/model",), ("/etc",), ("demo", "/etc")])
def test_a_page_for_strangers_opens_what_is_listed_alone(asked):
    host, new, opened = hosted(free=False, offered=[Offer("listed/model", "its samples")])
    with pytest.raises(EcoflapError, match="not offered"):
        host.open(*asked)
    assert opened == []
    new.loaded.set()
    host.open("listed/model")
    host.wait()
    assert opened == [("listed/model", "its samples")]


def test_code_of_strangers_is_for_the_command_line_alone():
    host, _, _ = hosted()
    host.explorer.loading = Loading("cpu", trust_remote_code=True)
    assert host.loading == Loading("cpu")


def test_what_can_be_opened_is_listed_once():
    host, _, _ = hosted(offered=[Offer("demo"), Offer("a/b")])
    specs = [entry["spec"] for entry in host.listed()]
    assert specs[0] == "demo" and "a/b" in specs and len(specs) == len(set(specs))


def test_the_model_that_the_page_began_with_can_be_had_again_as_it_was():
    first = FakeExplorer(spec="first/model")
    first.calibration, first.scores, first.loading = "its samples", "its scores", Loading("cpu", "float16")
    opened = []

    def make(*arguments, start):
        opened.append(arguments)
        return FakeExplorer(spec=arguments[0])

    host = Host(first, free=False, make=make, room_for=lambda *_: True)
    for spec in ("demo", "first/model"):
        host.open(spec)
        host.wait()
    assert opened[1] == ("first/model", "its scores", first.loading, "its samples")
    assert host.explorer.spec == "first/model"


def test_a_second_change_waits_until_the_old_model_is_gone():
    closing, go = threading.Event(), threading.Event()
    host, new, _ = hosted()
    host.explorer.close = lambda: closing.set() or go.wait()
    new.loaded.set()
    host.open(NEW)
    closing.wait()
    with pytest.raises(EcoflapError, match="being opened already"):
        host.open("third/model")
    go.set()
    host.wait()
    assert host.state()["opening"] is None
