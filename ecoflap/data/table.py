"""Samples from a CSV or JSONL table beside its pictures."""

import csv
import json
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ecoflap.data.columns import Columns, columns_of, sample_of
from ecoflap.data.files import PictureFolders
from ecoflap.data.samples import Samples, Wanted, gather, rows_of
from ecoflap.errors import EcoflapError
from ecoflap.texts import Phrase
from ecoflap.types import Sample

TABLE = "samples.csv"
ENDINGS = (".csv", ".jsonl")
# Of a table that a stranger sent: a row for every question has a handful.
MOST_COLUMNS = 200
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
    names, lines, _ = lines_of(table, str(table))
    columns = columns_of(names, wanted, str(table))
    folders = PictureFolders(Path(part) if part else table.parent)
    sample = partial(_sample, lines, table.name, columns, folders, wanted)
    return gather(path.resolve().name, rows_of(len(lines), wanted, sample), wanted, columns.captions)


def lines_of(table: Path, name: str, most: int | None = None) -> tuple[list[str], list[Line], int]:
    """Names of a table's columns, its lines, and how many there are; errors call the table `name`.

    With `most`, of a table that a stranger sent, no more lines than that are kept, the others only counted.

    Raises:
        EcoflapError: it cannot be read, or with `most` it has more than MOST_COLUMNS.
    """
    try:
        return _csv(table, name, most) if table.suffix.lower() == ".csv" else _jsonl(table, name, most)
    except (OSError, UnicodeDecodeError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        raise EcoflapError("samples_table", path=name, reason=reason) from error


def _sample(lines: list[Line], table: str, columns: Columns, folders: PictureFolders, wanted: Wanted, i: int) -> Sample:
    number, cells = lines[i]
    where = Phrase("data.line", line=number, name=table)
    if cells is None:
        raise EcoflapError("samples_line", where=where)
    return sample_of(cells, columns, wanted, where, lambda cell: folders.open([str(cell)], where))


def _csv(path: Path, name: str, most: int | None) -> tuple[list[str], list[Line], int]:
    """Names of the columns, the lines, and how many there are; `name` is for errors.

    More cells than columns stand under the name None.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        delimiter = _delimiter(file.readline())
        file.seek(0)
        reader, lines, count, last = csv.DictReader(file, delimiter=delimiter, strict=True), [], 0, 0
        try:
            names = list(reader.fieldnames or ())
            _check_width(len(names), name, most)
            for row in islice(reader, most):
                lines.append((last := reader.line_num, row))
            count = len(lines)
            for cells in reader.reader:
                count, last = count + bool(cells), reader.line_num
        except csv.Error as error:
            raise EcoflapError("samples_quotes", path=name, line=last + 1, reason=error) from error
        return names, lines, count


def _delimiter(header: str) -> str:
    """What stands between a table's cells: spreadsheets write semicolons where the comma is a decimal point."""
    return next((mark for mark in ",;\t" if mark in header), ",")


def _jsonl(path: Path, name: str, most: int | None) -> tuple[list[str], list[Line], int]:
    """Names of all fields, the lines, and how many there are; the lines kept that hold an object name the fields."""
    names: dict[str, None] = {}
    lines: list[Line] = []
    with path.open(encoding="utf-8-sig") as file:
        full = ((number, line) for number, line in enumerate(file, start=1) if line.strip())
        for number, line in islice(full, most):
            lines.append((number, _record(line)))
            names.update(dict.fromkeys(lines[-1][1] or ()))
            _check_width(len(names), name, most)
        count = len(lines) + sum(1 for _ in full)
    if lines and not names:
        raise EcoflapError("samples_line", where=Phrase("data.line", line=lines[0][0], name=path.name))
    return list(names), lines, count


def _check_width(count: int, name: str, most: int | None) -> None:
    if most is not None and count > MOST_COLUMNS:
        raise EcoflapError("samples_wide", name=name, count=f"{count:,}", most=MOST_COLUMNS)


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
