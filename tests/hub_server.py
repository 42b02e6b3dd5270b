"""What hubs on this machine have in common: one file or one JSON document per address, over HTTP."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40


class HubServer(ThreadingHTTPServer):
    """A hub; `parts` is what it sent of contents: (file, first byte, bytes)."""

    daemon_threads = True

    def __init__(self, handler: type["HubHandler"]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.parts: list[tuple[str, int, int]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class HubHandler(BaseHTTPRequestHandler):
    """Answers HEAD and GET; `found` says by what."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        found = self.found(unquote(urlsplit(self.path).path))
        if isinstance(found, Path):
            self._file(found)
        elif found is None:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        else:
            self._send(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

    def found(self, path: str) -> object:
        """The file or the document at an address; None where there is none."""
        raise LookupError(path)

    def _file(self, path: Path) -> None:
        if not path.is_file():
            self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        content = path.read_bytes()
        headers = {"ETag": f'"{etag(path)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        begin = int(wanted[1]) if wanted else 0
        part = content[begin : int(wanted[2]) + 1] if wanted and wanted[2] else content[begin:]
        if wanted:
            headers["Content-Range"] = f"bytes {begin}-{begin + len(part) - 1}/{len(content)}"
        if self.command == "GET":
            self.server.parts.append((path.name, begin, len(part)))
        self._send(206 if wanted else 200, part, headers)

    def _send(self, code: int, body: bytes, headers: dict[str, str]) -> None:
        try:
            self.send_response(code)
            for key, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)
        except OSError:  # whoever asked has gone
            self.close_connection = True


def etag(path: Path) -> str:
    """How hubs call a file's content: its sha256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def running(hub: HubServer) -> Iterator[HubServer]:
    """The hub, answering inside the context."""
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
