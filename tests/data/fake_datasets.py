"""A dataset hub on this machine: the few addresses that streaming asks for, over HTTP, and how many bytes it sent."""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40


class FakeDatasets(ThreadingHTTPServer):
    """Serves the folder `root` as the dataset `name`; `sent` is bytes by file, of contents alone."""

    daemon_threads = True

    def __init__(self, name: str, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name, self.root = name, root
        self.sent: dict[str, int] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        name = re.escape(self.server.name)
        file = re.fullmatch(rf"/datasets/{name}/resolve/[^/]+/(.+)", path)
        tree = re.fullmatch(rf"/api/datasets/{name}/tree/[^/]+/?(.*)", path)
        if file:
            self._file(self.server.root / file[1], file[1])
        elif tree:
            self._json([self._entry(entry) for entry in sorted((self.server.root / tree[1]).iterdir())])
        elif re.fullmatch(rf"/api/datasets/{name}(/revision/[^/]+)?", path):
            self._json({"id": self.server.name, "sha": COMMIT, "siblings": [], "private": False, "tags": []})
        else:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def _entry(self, path: Path) -> dict[str, object]:
        place = path.relative_to(self.server.root).as_posix()
        if path.is_dir():
            return {"type": "directory", "path": place, "oid": "0" * 40}
        return {"type": "file", "path": place, "size": path.stat().st_size, "oid": _etag(path)}

    def _file(self, path: Path, name: str) -> None:
        if not path.is_file():
            self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        content = path.read_bytes()
        headers = {"ETag": f'"{_etag(path)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        part = content[int(wanted[1]) : int(wanted[2] or len(content)) + 1] if wanted else content
        if wanted:
            headers["Content-Range"] = f"bytes {wanted[1]}-{int(wanted[1]) + len(part) - 1}/{len(content)}"
        if self.command == "GET":
            self.server.sent[name] = self.server.sent.get(name, 0) + len(part)
        self._send(206 if wanted else 200, part, headers)

    def _json(self, found: object) -> None:
        self._send(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

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


def _etag(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def serving(name: str, root: Path):
    """A hub that serves `root` as the dataset `name`."""
    hub = FakeDatasets(name, root)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
