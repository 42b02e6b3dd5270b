"""A dataset hub on this machine: the few addresses that streaming asks for, and how many bytes it sent."""

import re
from collections import Counter
from pathlib import Path

from tests.hub_server import COMMIT, HubHandler, HubServer, etag, running


class FakeDatasets(HubServer):
    """Serves the folder `root` as the dataset `name`."""

    def __init__(self, name: str, root: Path) -> None:
        super().__init__(_Handler)
        self.name, self.root = name, root

    @property
    def sent(self) -> Counter[str]:
        """Bytes by file, of contents alone."""
        found: Counter[str] = Counter()
        for name, _, count in self.parts:
            found[name] += count
        return found


class _Handler(HubHandler):
    def found(self, path: str) -> object:
        name = re.escape(self.server.name)
        file = re.fullmatch(rf"/datasets/{name}/resolve/[^/]+/(.+)", path)
        tree = re.fullmatch(rf"/api/datasets/{name}/tree/[^/]+/?(.*)", path)
        if file:
            return self.server.root / file[1]
        if tree:
            return [self._entry(entry) for entry in sorted((self.server.root / tree[1]).iterdir())]
        if re.fullmatch(rf"/api/datasets/{name}(/revision/[^/]+)?", path):
            return {"id": self.server.name, "sha": COMMIT, "siblings": [], "private": False, "tags": []}
        return None

    def _entry(self, path: Path) -> dict[str, object]:
        place = path.relative_to(self.server.root).as_posix()
        if path.is_dir():
            return {"type": "directory", "path": place, "oid": "0" * 40}
        return {"type": "file", "path": place, "size": path.stat().st_size, "oid": etag(path)}


def serving(name: str, root: Path):
    """A hub that serves `root` as the dataset `name`."""
    return running(FakeDatasets(name, root))
