"""The page's own command: what it lets people on other machines do, and what it passes on."""

import sys
from types import SimpleNamespace

import pytest

import app
from ecoflap import ui
from ecoflap.explorer import Explorer
from tests.ui.fakes import FakeExplorer


@pytest.fixture
def started(monkeypatch):
    """(what the page is built with, what it is launched with) of a command line."""

    def run(*arguments):
        seen = []
        page = SimpleNamespace(share_url=None, local_url="http://x", block_thread=lambda: None)
        page.launch = lambda **options: seen.append(options)
        explorer = FakeExplorer()
        explorer.closed, explorer.start = False, lambda: None
        monkeypatch.setattr(Explorer, "open", lambda *_, **__: explorer)
        monkeypatch.setattr(ui, "build", lambda *_, **options: seen.append(options) or page)
        monkeypatch.setattr(sys, "argv", ["app.py", *arguments])
        app.main()
        return seen

    return run


@pytest.mark.parametrize("arguments", [[], ["--host", "localhost"], ["--host", "::1"]])
def test_whoever_sits_at_this_machine_may_name_any_model(started, arguments):
    built, launched = started(*arguments)
    assert built["free"] is True
    assert launched["share"] is False


@pytest.mark.parametrize("arguments", [["--host", "0.0.0.0"], ["--host", "192.168.0.7"], ["--share"]])
def test_whoever_sits_elsewhere_may_not(started, arguments):
    built, launched = started(*arguments)
    assert built["free"] is False
    assert launched["share"] is (arguments == ["--share"])
    assert launched["server_name"] == (arguments[1] if arguments[1:] else "127.0.0.1")


def test_models_that_are_offered_are_passed_on_with_their_samples(started):
    built, _ = started("--offer", "owner/one", "--offer", "folder/two=my samples")
    assert [(offer.spec, offer.calibration) for offer in built["offered"]] == [
        ("owner/one", None),
        ("folder/two", "my samples"),
    ]


def test_name_and_password_are_passed_on_and_half_of_it_is_refused(started, capsys):
    assert started("--auth", "me:a:b")[1]["auth"] == ("me", "a:b")
    with pytest.raises(SystemExit):
        started("--auth", "me:")
    assert "me:" in capsys.readouterr().err
