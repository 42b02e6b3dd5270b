"""Samples from a CSV or JSONL table beside its pictures."""

import csv
import json
from functools import partial
from pathlib import Path
from typing import Any

from ecoflap.data.columns import Columns, columns_of, sample_of
from ecoflap.data.files import PictureFolders
from ecoflap.data.samples import Samples, Wanted, gather, rows_of
from ecoflap.errors import EcoflapError
from ecoflap.texts import say
from ecoflap.types import Sample

TABLE = "samples.csv"
ENDINGS = (".csv", ".jsonl")
# Line and cells; None is a line that holds none.
Line = tuple[int, dict[str, Any] | None]


def recognises(path: Path) -> bool:
    """Whether `path` is a table or a folder with one."""
    return path.suffix.lower() in ENDINGS if path.is_file() else bool(_tables(path))


def read(path: Path, part: str | None, wanted: Wanted) -> Samples:
    """Samples of a table, or of the one in a folder: samples.csv, or the only other one.

    Args:
        path: the table or its folder.
        part: folder of the pictures; by default the table's.
        wanted: how many and for what.

    Raises:
        EcoflapError: several tables, one that cannot be read, a missing column, or no usable row.
    """
    table = path if path.is_file() else _only(path)
    names, lines = lines_of(table, str(table))
    columns = columns_of(names, wanted, str(table))
    folders = PictureFolders(Path(part) if part else table.parent)
    sample = partial(_sample, lines, table.name, columns, folders, wanted)
    return gather(path.resolve().name, rows_of(len(lines), wanted, sample), wanted, columns.captions)


def lines_of(table: Path, name: str) -> tuple[list[str], list[Line]]:
    """Names of a table's columns, and its lines; errors call the table `name`.

    Raises:
        EcoflapError: it cannot be read.
    """
    try:
        return _csv(table) if table.suffix.lower() == ".csv" else _jsonl(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        raise EcoflapError("samples_table", path=name, reason=reason) from error


def _sample(lines: list[Line], table: str, columns: Columns, folders: PictureFolders, wanted: Wanted, i: int) -> Sample:
    number, cells = lines[i]
    where = say("data.line", line=number, name=table)
    if cells is None:
        raise EcoflapError("samples_line", where=where)
    return sample_of(cells, columns, wanted, where, lambda cell: folders.open([str(cell)], where))


def _csv(path: Path) -> tuple[list[str], list[Line]]:
    """Names of the columns, and the lines."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), [(reader.line_num, row) for row in reader]


def _jsonl(path: Path) -> tuple[list[str], list[Line]]:
    """Names of all fields of all lines, and the lines; the lines that hold an object name them."""
    with path.open(encoding="utf-8-sig") as file:
        lines = [(number, _record(line)) for number, line in enumerate(file, start=1) if line.strip()]
    names = dict.fromkeys(name for _, record in lines for name in record or ())
    if lines and not names:
        raise EcoflapError("samples_line", where=say("data.line", line=lines[0][0], name=path.name))
    return list(names), lines


def _record(line: str) -> dict[str, Any] | None:
    """The object that a line holds; None where it holds none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _tables(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in ENDINGS and path.is_file())


def _only(folder: Path) -> Path:
    """The folder's table."""
    if (folder / TABLE).is_file():
        return folder / TABLE
    found = _tables(folder)
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise EcoflapError("samples_several", folder=folder, names=names)
    return found[0]
