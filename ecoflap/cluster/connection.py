"""To a Ray cluster and away again: an address that cannot be is said in one line and in bounded time."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from ecoflap.errors import EcoflapError, first_line
from ecoflap.texts import Phrase

# A cluster of this machine alone, that ends with the command.
LOCAL = "local"
# Seconds that an address has to answer; Ray itself would try for two minutes and then end the process.
PATIENCE = 5.0


def library() -> Any:
    """The module `ray`.

    Raises:
        EcoflapError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when it is imported
    try:
        return import_module("ray")
    except ImportError as error:
        raise EcoflapError("ray_missing") from error


@contextmanager
def connected(address: str = "", cpus: int | None = None) -> Iterator[Any]:
    """The module `ray`, connected inside the context; to what it is connected to already, where it is.

    Args:
        address: `auto` for a cluster that runs on this machine, HOST:PORT, ray://HOST:PORT, or `local` for one of this
            machine that ends with the context; empty for the environment's RAY_ADDRESS, else `local`.
        cpus: that a local cluster lends out; by default those that are here.

    Raises:
        EcoflapError: Ray is not installed, or there is no cluster at the address.
    """
    ray = library()
    if ray.is_initialized():
        yield ray
        return
    where = address or os.environ.get("RAY_ADDRESS") or LOCAL
    if where != LOCAL:
        check_answers(where)
    try:
        _connect(ray, where, cpus)
        yield ray
    finally:
        ray.shutdown()


def _connect(ray: Any, where: str, cpus: int | None) -> None:
    # What workers print would come out on stdout, where programs expect one document.
    quiet = {"log_to_driver": False, "configure_logging": False}
    local = {"num_cpus": cpus, "include_dashboard": False} if where == LOCAL else {}
    try:
        ray.init(where, **quiet, **local)
    except (Exception, SystemExit) as error:  # it ends the process where a server is none of Ray's
        reason = Phrase("ray.silent") if isinstance(error, SystemExit) else first_line(error)
        raise EcoflapError("ray_address", value=where, reason=reason) from error


def check_answers(where: str) -> None:
    """Raise unless a server that speaks as Ray's do listens at the address."""
    if where == "auto":
        return
    host, _, port = where.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise EcoflapError("ray_address", value=where, reason=Phrase("ray.form"))
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise EcoflapError("ray_address", value=where, reason=reason) from error
    if not _speaks(f"{host}:{port}"):
        raise EcoflapError("ray_address", value=where, reason=Phrase("ray.silent"))


def _speaks(target: str) -> bool:
    """Whether there is a gRPC server; True also where that cannot be told."""
    if os.environ.get("RAY_USE_TLS", "0") != "0":
        return True
    grpc = import_module("grpc")
    with grpc.insecure_channel(target) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=PATIENCE)
        except grpc.FutureTimeoutError:
            return False
    return True
