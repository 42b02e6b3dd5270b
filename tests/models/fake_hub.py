"""A model hub on this machine: the few addresses that a download asks for, over HTTP, with what was asked."""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from huggingface_hub import constants

COMMIT = "c" * 40


class FakeHub(ThreadingHTTPServer):
    """Serves folders as models; `asked` lists the files whose content was sent, each with the first byte asked for."""

    daemon_threads = True

    def __init__(self, models: dict[str, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.models = models
        self.asked: list[tuple[str, int]] = []

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
        about = re.fullmatch(r"/api/models/([^/]+/[^/]+?)(?:/(revision|tree)/[^/]+)?/?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)
        name = (about or file)[1] if about or file else None
        if name not in self.server.models:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif about:
            self._send(200, json.dumps(self._about(name, tree=about[2] == "tree")).encode(), {})
        else:
            self._file(self.server.models[name] / file[2], file[2])

    def _about(self, name: str, tree: bool) -> object:
        paths = sorted(path for path in self.server.models[name].iterdir() if path.is_file())
        if tree:
            return [
                {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": _etag(path)} for path in paths
            ]
        files = [{"rfilename": path.name, "size": path.stat().st_size, "blobId": _etag(path)} for path in paths]
        return {"id": name, "modelId": name, "sha": COMMIT, "siblings": files, "private": False, "tags": []}

    def _file(self, path: Path, name: str) -> None:
        if not path.is_file():
            self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        content = path.read_bytes()
        headers = {"ETag": f'"{_etag(path)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-\d*", self.headers.get("Range", ""))
        begin = int(wanted[1]) if wanted else 0
        if self.command == "GET":
            self.server.asked.append((name, begin))
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        self._send(206 if begin else 200, content[begin:], headers)

    def _send(self, code: int, body: bytes, headers: dict[str, str]) -> None:
        try:
            self.send_response(code)
            for key, value in (
                {"Content-Length": str(len(body)), "Content-Type": "application/json"} | headers
            ).items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)
        except OSError:  # whoever asked has gone
            self.close_connection = True


def _etag(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def serving(monkeypatch, cache: Path, models: dict[str, Path]):
    """A hub that serves `models`, with `cache` as the empty local cache, as what this process takes for the hub."""
    hub = FakeHub(models)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "ENDPOINT", hub.address)
    template = hub.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
