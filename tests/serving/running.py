"""The page in a process of its own, as people start it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port of the system's choice."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


class Running:
    """A server: its process, address, and what it has written to its log so far."""

    def __init__(self, cache: Path, *options: str) -> None:
        port = free_port()
        self.url, self.log = f"http://127.0.0.1:{port}", cache.with_name(f"{cache.name}.{port}.log")
        environment = os.environ | {"ECOFLAP_CACHE": str(cache), "GRADIO_ANALYTICS_ENABLED": "False"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", "--port", str(port), *options],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=environment,
            )

    def wait(self, seconds: float = 120) -> "Running":
        """Wait until it answers."""
        end = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(self.url, timeout=10):
                    return self
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"The page did not start:\n{self.log.read_text()}") from None
                time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running(cache: Path, *options: str) -> Iterator[Running]:
    """A page that answers; killed at the end."""
    server = Running(cache, *options)
    try:
        yield server.wait()
    finally:
        server.kill()
