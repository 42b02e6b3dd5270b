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


def test_mcp_is_passed_on_and_says_where_its_tools_are(started, monkeypatch, capsys):
    monkeypatch.setattr(app, "find_spec", lambda name: name)
    assert started("--mcp")[1]["mcp_server"] is True
    assert "http://x/gradio_api/mcp/" in capsys.readouterr().out
    assert started()[1]["mcp_server"] is False


def test_mcp_without_its_package_is_one_line(started, monkeypatch, capsys):
    monkeypatch.setattr(app, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as left:
        started("--mcp")
    said = capsys.readouterr().err
    assert left.value.code == 2 and said.count("\n") == 1 and "gradio[mcp]" in said


def test_the_place_that_a_host_of_pages_names_is_taken_and_its_visitors_are_strangers(started, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "7777")
    built, launched = started()
    assert (launched["server_name"], launched["server_port"], built["free"]) == ("0.0.0.0", 7777, False)


def test_who_comes_through_a_proxy_is_a_stranger(started):
    built, launched = started("--root-path", "/pruning", "--host", "127.0.0.1")
    assert (launched["root_path"], built["free"]) == ("/pruning", False)
    assert started()[0]["free"] is True


def test_a_page_that_cannot_be_shared_stays_open_here_and_says_so(started, capsys):
    started("--share")
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and "could not be shared" in said.err and "http://x" in said.out
