"""Options and addresses: --ray with and without a value, and what cannot be, in one line and in bounded time."""

import socket
import sys
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from ecoflap.cli import app, sweeping
from ecoflap.cli.clustering import with_value
from ecoflap.cluster import connection
from ecoflap.cluster.connection import check_answers, connected
from ecoflap.errors import EcoflapError


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["--ray"], ""),
        (["--ray", "--questions", "4"], ""),
        (["--ray", "auto"], "auto"),
        (["--ray=head:6379"], "head:6379"),
        (["--ray", "ray://head:10001", "--seeds", "2"], "ray://head:10001"),
        (["--ray="], ""),
        ([], None),
    ],
)
def test_ray_takes_an_address_or_none(monkeypatch, tmp_path, arguments, value):
    seen = []

    @contextmanager
    def spreading(ray, workers, loading):
        seen.append(ray)
        raise EcoflapError("ray_missing")
        yield

    monkeypatch.setattr(sweeping, "spreading", spreading)
    done = CliRunner().invoke(app, ["sweep", "--out", str(tmp_path / "a.csv"), *arguments])
    assert isinstance(done.exception, EcoflapError) and seen == [value]


def test_only_the_option_itself_is_given_a_value():
    other = ["score", "--ray-workers", "2", "--out", "ray", "-"]
    assert with_value(other) == other and with_value([]) == []


def refusal(*arguments):
    done = CliRunner().invoke(app, ["score", "--out", "unused.json", *arguments])
    assert isinstance(done.exception, EcoflapError), done.output
    return str(done.exception)


def test_options_that_cannot_be():
    assert "Add --ray, or leave it out" in refusal("--ray-workers", "2")
    assert "--ray-workers is 0" in refusal("--ray", "--ray-workers", "0")
    assert "--ray would have no effect" in refusal("--ray", "--from", "a.pth")


def test_without_ray_the_way_to_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "pip install -r requirements-ray.txt" in refusal("--ray", "auto")


@pytest.mark.parametrize("address", ["nowhere", "head:", ":6379", "ray://head", "head:port"])
def test_an_address_has_a_host_and_a_port(address):
    with pytest.raises(EcoflapError, match="not of the form HOST:PORT") as said:
        check_answers(address)
    assert f"at '{address}'" in str(said.value)


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_where_nothing_listens_or_something_else_does(monkeypatch, form):
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = form.format(server.getsockname()[1])
        with pytest.raises(EcoflapError, match="does not answer as Ray does"), connected(address):
            pass
    with pytest.raises(EcoflapError, match="refused"), connected(address):
        pass


def test_no_cluster_on_this_machine_to_join(monkeypatch):
    """What Ray says is passed on."""

    class Ray:
        def is_initialized(self):
            return False

        def init(self, where, **named):
            assert where == "auto" and named == {"log_to_driver": False, "configure_logging": False}
            raise ConnectionError("Could not find any running Ray instance. Please specify\nanother")

        def shutdown(self):
            self.down = True

    ray = Ray()
    monkeypatch.setattr(connection, "library", lambda: ray)
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    with pytest.raises(EcoflapError) as said, connected():
        pass
    assert "no Ray cluster at 'auto': Could not find any running Ray instance" in str(said.value) and ray.down
