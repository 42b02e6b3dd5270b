"""A model hub on this machine: the few addresses that a download asks for, with what was asked."""

import re
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import constants

from tests.hub_server import COMMIT, HubHandler, HubServer, etag, running


class FakeHub(HubServer):
    """Serves folders as models."""

    def __init__(self, models: dict[str, Path]) -> None:
        super().__init__(_Handler)
        self.models = models

    @property
    def asked(self) -> list[tuple[str, int]]:
        """The files whose content was sent, each with the first byte asked for."""
        return [(name, begin) for name, begin, _ in self.parts]


class _Handler(HubHandler):
    def found(self, path: str) -> object:
        about = re.fullmatch(r"/api/models/([^/]+/[^/]+?)(?:/(revision|tree)/[^/]+)?/?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)
        name = (about or file)[1] if about or file else None
        if name not in self.server.models:
            return None
        folder = self.server.models[name]
        return self._about(name, folder, about[2] == "tree") if about else folder / file[2]

    def _about(self, name: str, folder: Path, tree: bool) -> object:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
        if tree:
            return [
                {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": etag(path)} for path in paths
            ]
        files = [{"rfilename": path.name, "size": path.stat().st_size, "blobId": etag(path)} for path in paths]
        return {"id": name, "modelId": name, "sha": COMMIT, "siblings": files, "private": False, "tags": []}


@contextmanager
def serving(monkeypatch, cache: Path, models: dict[str, Path]):
    """A hub that serves `models`, with `cache` as the empty local cache, as what this process takes for the hub."""
    with running(FakeHub(models)) as hub:
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "ENDPOINT", hub.address)
        template = hub.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield hub
