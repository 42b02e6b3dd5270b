"""Files of a source: its pictures, looked for inside their folder only, and its JSON documents."""

import json
import mmap
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ecoflap.errors import EcoflapError
from ecoflap.pictures import open_picture


class PictureFolders:
    """Pictures by name, in one of several folders; nothing outside `root`, through no link either."""

    def __init__(self, root: Path, parts: Sequence[str] = ("",)) -> None:
        """Look in those of `root`/`parts` that are there.

        Raises:
            EcoflapError: there is no folder `root`.
        """
        if not root.is_dir():
            raise EcoflapError("samples_pictures", folder=root)
        self.root = root.resolve()
        folders = dict.fromkeys((self.root / part).resolve() for part in parts)
        self._folders = [folder for folder in folders if folder.is_relative_to(self.root) and folder.is_dir()]

    def open(self, names: Sequence[str], where: str) -> Image.Image:
        """The picture under the first of `names` that is there.

        Args:
            names: paths inside the folders.
            where: which row names them, for errors.

        Raises:
            EcoflapError: there is none, it lies outside, or it cannot be used.
        """
        if any("\0" in name for name in names):
            raise EcoflapError("samples_name", where=where)
        for folder in self._folders:
            for name in names:
                path = self._inside(folder, name, where)
                if path is not None:
                    return open_picture(path)
        raise EcoflapError("samples_no_picture", where=where, name=names[0], folder=self.root)

    def _inside(self, folder: Path, name: str, where: str) -> Path | None:
        """The file `name` in `folder`; None where there is none."""
        try:
            path = Path(os.path.normpath(folder / name))
            outside = not path.is_relative_to(self.root)
            if not outside and path.exists():
                path = path.resolve()
                outside = not path.is_relative_to(self.root)
            if not outside:  # a pipe would be waited for
                return path if path.is_file() else None
        except OSError as error:
            raise EcoflapError("samples_name", where=where) from error
        raise EcoflapError("samples_outside", where=where, name=name, folder=self.root)


def mentions(path: Path, key: str) -> bool:
    """Whether the JSON file has the key anywhere: tells kinds of documents apart without reading them."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return re.search(rf'"{key}"\s*:'.encode(), content) is not None
    except (OSError, ValueError):  # ValueError: an empty file
        return False


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        EcoflapError: the file cannot be read, or holds something else.
    """
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise EcoflapError("samples_file", path=path, reason=error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise EcoflapError("samples_json", path=path, reason=reason) from error
    if not isinstance(found, dict):
        raise EcoflapError("samples_json", path=path, reason=f"it holds a {type(found).__name__}, not an object")
    return found


def records(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in the list under `key`; whatever else is there is left out."""
    found = document.get(key)
    return [record for record in found if isinstance(record, dict)] if isinstance(found, list) else []


def by_id(found: list[dict[str, Any]], key: str) -> dict[int | str, dict[str, Any]]:
    """Records by their id under `key`; the first one of several with the same, none without."""
    kept: dict[int | str, dict[str, Any]] = {}
    for record in found:
        if isinstance(record.get(key), int | str):
            kept.setdefault(record[key], record)
    return kept
