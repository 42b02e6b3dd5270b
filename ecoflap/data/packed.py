"""Rows of datasets as samples, their pictures packed in the row or named by it."""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from ecoflap.data.columns import Columns, sample_of
from ecoflap.data.files import PictureFolders
from ecoflap.data.samples import Wanted
from ecoflap.errors import EcoflapError
from ecoflap.pictures import on_white, open_picture
from ecoflap.texts import Phrase
from ecoflap.types import Sample

# A file of a dataset on the hub, or in a zip archive there.
ON_HUB = re.compile(r"(zip://[^:]*::)?hf://datasets/[^:]*$")


class RowReader:
    """Rows of one dataset as samples."""

    def __init__(self, name: str, columns: Columns, wanted: Wanted, folder: Path | None = None) -> None:
        """Read `columns` of the dataset `name`; pictures that are files have to be in `folder`."""
        self._name, self._columns, self._wanted = name, columns, wanted
        self._folders = PictureFolders(folder) if folder else None

    def sample(self, i: int, row: Mapping[str, Any]) -> Sample:
        """Row `i`, counted from 0."""
        where = Phrase("data.row", row=i, name=self._name)
        return sample_of(row, self._columns, self._wanted, where, lambda cell: self._picture(cell, where))

    def _picture(self, cell: Any, where: str) -> Image.Image:
        """The picture in a cell: packed bytes, or the name of a file of this dataset."""
        packed = cell.get("bytes") if isinstance(cell, Mapping) else cell
        path = cell.get("path") if isinstance(cell, Mapping) else cell
        if isinstance(packed, bytes):
            return open_picture(io.BytesIO(packed), where)
        if isinstance(cell, Image.Image):
            return on_white(cell)
        if isinstance(path, str) and self._folders is not None:
            return self._folders.open([path], where)
        if isinstance(path, str) and ON_HUB.match(path):
            import fsspec

            with fsspec.open(path) as file:
                return open_picture(file, where)
        raise EcoflapError("data_no_picture", where=where)
