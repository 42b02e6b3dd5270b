"""Samples from Hugging Face datasets: saved folders, parquet and arrow files, and names on the hub, which are streamed.

The library is imported when it is needed. It runs no code that comes with a dataset.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from ecoflap.data.columns import Columns, columns_of
from ecoflap.data.packed import RowReader
from ecoflap.data.samples import Row, Samples, Wanted, by_chance, gather, rows_of
from ecoflap.data.saved import SAVED, check_inside
from ecoflap.errors import EcoflapError, first_line
from ecoflap.models.hub import check_online
from ecoflap.texts import Phrase

ENDINGS = (".parquet", ".arrow")
# Rows of a set on the hub among which samples are chosen; it is read in order, a window at a time.
WINDOW = 512
# Which part of a set to take where none is named, the best first.
SPLITS = {"calibration": ("train", "validation", "test"), "evaluation": ("validation", "test", "train")}


def recognises(path: Path) -> bool:
    """Whether `path` is a saved dataset, a parquet or arrow file, or a folder with such files."""
    if path.is_file():
        return path.suffix.lower() in ENDINGS
    return any((path / name).is_file() for name in SAVED) or bool(_files(path))


def read(path: Path, part: str | None, wanted: Wanted) -> Samples:
    """Samples of a dataset on this machine.

    Args:
        path: a folder that `save_to_disk` wrote, a parquet or arrow file, or a folder with such files.
        part: the split, where there are several.
        wanted: how many and for what.

    Raises:
        EcoflapError: it cannot be read, lacks a column, or has no usable row.
    """
    library = _library()
    with _said(str(path)):
        if path.is_dir() and any((path / name).is_file() for name in SAVED):
            check_inside(path)
            found = library.load_from_disk(str(path))
        else:
            found = _from_files(library, _files(path) if path.is_dir() else [path])
        name, table = _split(found, part, wanted, path.resolve().name)
        columns, table = _columns(library, table, wanted, str(path))
        reader = RowReader(name, columns, wanted, path if path.is_dir() else path.parent)
        return gather(name, rows_of(len(table), wanted, lambda i: reader.sample(i, table[i])), wanted, columns.captions)


def read_hub(spec: str, part: str | None, wanted: Wanted) -> Samples:
    """Samples of the dataset OWNER/NAME or OWNER/NAME:CONFIGURATION on the hub.

    It is streamed: no more is fetched than the windows of rows that the samples come from. Offline, the copy that the
    library keeps of a set downloaded before is used.

    Args:
        spec: which set.
        part: the split; None takes one that fits the purpose.
        wanted: how many and for what.

    Raises:
        EcoflapError: it cannot be reached or read, lacks a column, or has no usable row.
    """
    library = _library()
    name, _, configuration = spec.partition(":")
    with _said(spec):
        found = _opened(library, name, configuration or None)
        title, rows = _split(found, part, wanted, spec)
        columns, rows = _columns(library, rows, wanted, spec)
        reader = RowReader(title, columns, wanted)
        return gather(title, _windows(rows, reader, wanted), wanted, columns.captions)


def check_at_hand(spec: str) -> None:
    """Raise where the dataset `spec`, as in `read_hub`, is neither in the library's cache nor to be had."""
    name = spec.partition(":")[0]
    try:
        check_online(name)
    except EcoflapError:
        library = _library()
        owner, title = name.split("/")
        kept = Path(library.config.HF_DATASETS_CACHE, f"{owner}___{library.naming.camelcase_to_snakecase(title)}")
        if not kept.is_dir():
            raise


def _library() -> ModuleType:
    try:
        import datasets
    except ImportError as error:
        raise EcoflapError("data_library") from error
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    return datasets


def _opened(library: ModuleType, name: str, configuration: str | None) -> Mapping[str, Any]:
    """Its splits as streams; from the library's own cache where the hub cannot be reached."""
    try:
        check_online(name)
    except EcoflapError as offline:
        kept = library.config.HF_HUB_OFFLINE
        library.config.HF_HUB_OFFLINE = True
        try:
            return library.load_dataset(name, configuration)
        except (OSError, ValueError):  # what the library raises where it keeps no copy
            raise offline from None
        finally:
            library.config.HF_HUB_OFFLINE = kept
    try:
        return library.load_dataset(name, configuration, streaming=True)
    except FileNotFoundError as error:  # what the library makes of a refusal and of a broken line, too
        raise EcoflapError("data_not_found", name=name) from error


@contextmanager
def _said(name: str) -> Iterator[None]:
    """Whatever the library raises, as one sentence."""
    try:
        yield
    except EcoflapError:
        raise
    except Exception as error:
        raise EcoflapError("data_unreadable", name=name, reason=first_line(error)[:300]) from error


def _split(found: Any, part: str | None, wanted: Wanted, name: str) -> tuple[str, Any]:
    """Name and rows of the split to read; a dataset without splits is read as it is."""
    if not isinstance(found, Mapping):
        if part is not None:
            raise EcoflapError("data_split", name=name, value=part, choices=Phrase("data.no_splits"))
        return name, found
    chosen = part or next((split for split in SPLITS[wanted.split] if split in found), next(iter(found), ""))
    if chosen not in found:
        raise EcoflapError("data_split", name=name, value=chosen, choices=", ".join(found))
    return f"{name}@{chosen}" if len(found) > 1 else name, found[chosen]


def _columns(library: ModuleType, table: Any, wanted: Wanted, where: str) -> tuple[Columns, Any]:
    """The columns to read, and the dataset with these alone and its pictures still packed."""
    features = table.features or table._resolve_features().features
    single = {name: getattr(feature, "feature", feature) for name, feature in features.items()}
    classes = {name: tuple(kind.names) for name, kind in single.items() if isinstance(kind, library.ClassLabel)}
    columns = columns_of(list(features), wanted, where, classes)
    table = table.select_columns(columns.named)
    if columns.image and isinstance(features[columns.image], library.Image):
        table = table.cast_column(columns.image, library.Image(decode=False))
    return columns, table


def _windows(rows: Any, reader: RowReader, wanted: Wanted) -> Iterator[Row]:
    """All rows in order of their windows, by chance inside each, so that few samples need few rows."""
    stream, start = iter(rows), 0
    while window := list(islice(stream, WINDOW)):
        for i in by_chance(len(window), wanted):
            yield start + i, lambda i=i, start=start, row=window[i]: reader.sample(start + i, row)
        start += len(window)


def _from_files(library: ModuleType, files: list[Path]) -> dict[str, Any]:
    """Parquet or arrow files by split, which is the first word of a file's name as on the hub: train-00000-of-00001."""
    splits: dict[str, list[str]] = {}
    for file in files:
        word = re.split(r"[-._]", file.name)[0]
        splits.setdefault(word if word in SPLITS["evaluation"] else "train", []).append(str(file))
    # load_dataset would tell the hub's statistics of the read.
    if files[0].suffix.lower() == ".parquet":
        return {split: library.Dataset.from_parquet(names) for split, names in splits.items()}
    pieces = {split: list(map(library.Dataset.from_file, names)) for split, names in splits.items()}
    return {split: library.concatenate_datasets(parts) for split, parts in pieces.items()}


def _files(folder: Path) -> list[Path]:
    """The parquet files of a folder, or its arrow files where it has none of those."""
    for ending in ENDINGS:
        found = sorted([*folder.glob(f"*{ending}"), *folder.glob(f"data/*{ending}")])
        if found:
            return found
    return []
