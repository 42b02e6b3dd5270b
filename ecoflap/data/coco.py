"""Samples from COCO captions: a JSON file of images and annotations with captions, the pictures in a folder.

Source of the format: https://cocodataset.org/#format-data, "Image Captioning".
"""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ecoflap.data.columns import Columns, answers_of, sample_of
from ecoflap.data.files import PictureFolders, by_id, mentions, read_json, records
from ecoflap.data.samples import Samples, Wanted, gather, rows_of
from ecoflap.errors import EcoflapError
from ecoflap.texts import Phrase
from ecoflap.types import Sample

COLUMNS = Columns("file_name", None, "caption")
SPLIT = re.compile(r"(train|val|test)\d{4}")


def recognises(path: Path) -> bool:
    """Whether `path` is a file of captions, or a folder with one."""
    return bool(documents(path, "caption", "images"))


def documents(path: Path, *keys: str) -> list[Path]:
    """The JSON files at `path`, itself or in it or one folder below, that mention all the keys."""
    files = [path] if path.is_file() else sorted([*path.glob("*.json"), *path.glob("*/*.json")])
    found = [file for file in files if file.suffix.lower() == ".json" and file.is_file()]
    return [file for file in found if all(mentions(file, key) for key in keys)]


def only(path: Path, found: Sequence[Path]) -> Path:
    """The one file that was `found` at `path`; an error that names them where there are several."""
    if len(found) > 1:
        raise EcoflapError("samples_several", folder=path, names=", ".join(file.name for file in found))
    return found[0]


def picture_folders(file: Path, part: str | None, split: str) -> PictureFolders:
    """Where the pictures of a COCO or VQA file are looked for: in `part`, else beside the file or its folder.

    A folder of pictures may be called as the split (val2014), images, or as in the VQA tools Images/mscoco, with the
    split inside.
    """
    kinds = ("", "images", "Images/mscoco")
    below = [name for kind in kinds for name in (f"{kind}/{split}".strip("/"), kind)]
    if part is not None:
        return PictureFolders(Path(part), below)
    here = file.absolute().parent
    return PictureFolders(here.parent, [f"{folder}/{name}" for folder in (here.name, ".") for name in below])


def read(path: Path, part: str | None, wanted: Wanted) -> Samples:
    """Samples of a captions file, or of the one in a folder: one per picture, its first caption the answer.

    The question is a prompt; all captions of the picture are `references`.

    Args:
        path: the file or its folder.
        part: folder of the pictures; None looks beside the file.
        wanted: how many and for what.

    Raises:
        EcoflapError: several files, one that cannot be read, or no usable picture.
    """
    file = only(path, documents(path, "caption", "images"))
    document = read_json(file)
    pictures = by_id(records(document, "images"), "id")
    captions: dict[int | str, list[str]] = {key: [] for key in pictures}
    for record in records(document, "annotations"):
        key = record.get("image_id")
        if isinstance(key, int | str) and key in captions:
            captions[key] += answers_of(record.get("caption"))
    found = [(record, captions[key]) for key, record in pictures.items() if captions[key]]
    split = SPLIT.search(file.name)
    folders = picture_folders(file, part, split.group() if split else "")
    sample = partial(_sample, found, file.name, folders, wanted)
    return gather(path.resolve().name, rows_of(len(found), wanted, sample), wanted, captions=True)


def _sample(
    found: list[tuple[dict[str, Any], list[str]]], file: str, folders: PictureFolders, wanted: Wanted, i: int
) -> Sample:
    record, captions = found[i]
    where = Phrase("data.picture", number=record["id"], name=file)
    row = {"file_name": record.get("file_name"), "caption": captions}
    return sample_of(row, COLUMNS, wanted, where, lambda name: folders.open([str(name)], where))
