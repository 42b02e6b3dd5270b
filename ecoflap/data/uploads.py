"""Rows to ask, from a table and pictures that somebody uploaded: matched by name, and told what does not match."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ecoflap.accuracy import exact_match
from ecoflap.data.columns import Columns, cells_of, columns_of
from ecoflap.data.samples import Wanted
from ecoflap.data.table import ENDINGS, Line, lines_of
from ecoflap.errors import EcoflapError
from ecoflap.texts import Phrase
from ecoflap.types.loading import KINDS

MOST_ROWS = 200
# Name as the user's, and where the file is.
File = tuple[str, Path]


@dataclass(frozen=True)
class Row:
    """One row to ask.

    Attributes:
        where: which row of what, for people.
        name: of the picture's file; empty without one.
        question: empty for a classifier.
        expected: the right answer; empty where nobody said.
        accepted: all right answers, where there are several.
        picture: what the caller knows the picture by; None without one.
        problem: why it cannot be asked.
    """

    where: str
    name: str = ""
    question: str = ""
    expected: str = ""
    accepted: tuple[str, ...] = ()
    picture: Any = None
    problem: EcoflapError | None = None

    def right(self, answer: str) -> bool | None:
        """Whether an answer is right to the last word; None where nobody said what is."""
        if not self.expected:
            return None
        return any(exact_match(answer, accepted) for accepted in (self.expected, *self.accepted))


@dataclass(frozen=True)
class Rows:
    """The rows of `table`, also those with a problem, and what else the user should know of the files."""

    table: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def base_name(name: str) -> str:
    """The file's name without its folders, whichever system wrote them."""
    return PurePosixPath(name.replace("\\", "/")).name


def rows_from(files: Sequence[File], kind: str) -> Rows:
    """The rows of the last table among `files`, each with its picture by its name without folders.

    Args:
        files: in the order in which they were uploaded.
        kind: of the model, one of KINDS. A classifier needs no table: every picture is a row then.

    Raises:
        EcoflapError: no table, one that cannot be read, lacks a column, or has no rows.
    """
    tables = [(base_name(name), path) for name, path in files if _is_table(name)]
    pictures: dict[str, Path] = {}
    twice = []
    for name, path in ((base_name(name), path) for name, path in files if not _is_table(name)):
        if pictures.get(name, path) != path:
            twice.append(name)
        pictures[name] = path
    if tables:
        table = tables[-1][0]
        rows, count = _rows(*tables[-1], pictures, kind)
    elif KINDS[kind] == "picture" and pictures:
        table, rows = "", [Row(name, name, picture=path) for name, path in pictures.items()]
        count = len(rows)
    else:
        raise EcoflapError("batch_no_table", count=len(pictures))
    used = {row.picture for row in rows}
    # Of pictures that are left over, the rows that are left out may be.
    unaware = KINDS[kind] == "text" or count > MOST_ROWS
    unused = [] if unaware else sorted(name for name, path in pictures.items() if path not in used)
    notes = _notes(table, count, [name for name, _ in tables[:-1]], twice, unused)
    return Rows(table, tuple(rows[:MOST_ROWS]), tuple(notes))


def _notes(table: str, count: int, others: list[str], twice: list[str], unused: list[str]) -> Iterator[str]:
    """One sentence for everything that was uploaded and is not used as people may expect."""
    if count > MOST_ROWS:
        yield Phrase("batch.cut", name=table or Phrase("batch.pictures"), count=f"{count:,}", most=MOST_ROWS)
    if others:
        yield Phrase("batch.tables", name=table, others=_some(others))
    if twice:
        yield Phrase("batch.twice", names=_some(twice))
    if unused:
        yield Phrase("batch.unused", names=_some(unused))


def _is_table(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _rows(table: str, path: Path, pictures: dict[str, Path], kind: str) -> tuple[list[Row], int]:
    """The first MOST_ROWS rows of one table, and how many it has.

    Raises:
        EcoflapError: it cannot be read, lacks a column, or has no rows.
    """
    wanted = Wanted(MOST_ROWS, 0, KINDS[kind], answers=False)
    names, lines, count = lines_of(path, table, MOST_ROWS)
    columns = columns_of(names, wanted, table)
    if not lines:
        raise EcoflapError("batch_no_rows", name=table)
    places = {name.casefold(): path for name, path in pictures.items()} | pictures
    return [_row(line, table, columns, wanted, places) for line in lines], count


def _row(line: Line, table: str, columns: Columns, wanted: Wanted, places: dict[str, Path]) -> Row:
    """One row with its picture among `places`: as it is spelled, or else whatever its capitals."""
    number, values = line
    where, name = Phrase("data.line", line=number, name=table), ""
    try:
        if values is None:
            raise EcoflapError("samples_line", where=where)
        name = _text(values.get(columns.image)) if columns.image else ""
        cells = cells_of(values, columns, wanted, where)
        picture = places.get(base_name(name)) or places.get(base_name(name).casefold())
        if wanted.pictures and picture is None:
            raise EcoflapError("batch_no_picture", where=where, name=name)
    except EcoflapError as error:
        return Row(where, name, _text((values or {}).get(columns.question)) if columns.question else "", problem=error)
    # Of a caption nobody can say that another one is wrong.
    expected, accepted = ("", ()) if columns.captions else (cells.answer, cells.references)
    return Row(where, name, cells.question, expected, accepted, picture)


def _text(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _some(names: Collection[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(list(names)[:most])
    return shown if len(names) <= most else Phrase("batch.more", names=shown, count=len(names) - most)
