"""A sweep's file: tidy CSV, one line a point, written the moment it is known, read again to go on."""

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path

from ecoflap.errors import EcoflapError
from ecoflap.sweep import SweepPoint
from ecoflap.types.bundle import check_writable, write_text

COLUMNS = tuple(field.name for field in fields(SweepPoint))
_TEXTS, _COUNTS = ("allocator", "pruner", "by_type", "key", "marks"), ("seed", "questions")
# Bytes that are read: a line has about 120.
MOST_BYTES = 16 * 2**20


class SweepFile:
    """The points at a path, by key. A process may be killed between any two bytes: a last line that is not whole is
    left out when the file is read again, and its point measured again.
    """

    def __init__(self, path: Path) -> None:
        """Read what is there, or begin the file.

        Raises:
            EcoflapError: nothing can be written there, or what is there is no sweep.
        """
        self.path = check_writable(path)
        text = _text(path) if path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        self.points = points_in(path, text)
        if whole != text or not whole:
            write_text(path, whole or _line(COLUMNS))

    def add(self, point: SweepPoint) -> None:
        """Append a point; it is on the disk when this returns.

        Raises:
            EcoflapError: it cannot be written.
        """
        if point.key in self.points:
            return
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(_line(_cells(point)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise EcoflapError("out_unwritable", out=self.path, reason=error.strerror or error) from error
        self.points[point.key] = point


def text_of(points: Iterable[SweepPoint]) -> str:
    """What a file with these points holds."""
    return "".join(map(_line, (COLUMNS, *map(_cells, points))))


def points_at(path: Path) -> dict[str, SweepPoint]:
    """The points of a file by key; the file stays as it is.

    Raises:
        EcoflapError: it cannot be read, or is no sweep.
    """
    return points_in(path, _text(path))


def points_in(path: Path, text: str) -> dict[str, SweepPoint]:
    """The points of `text`, which is that of `path`, by key; a last line that is not whole is left out."""
    whole = text[: text.rfind("\n") + 1]
    if not whole and not _line(COLUMNS).startswith(text):
        raise EcoflapError("sweep_file", path=path, line=1)
    points: dict[str, SweepPoint] = {}
    for number, line in enumerate(whole.splitlines(), start=1):
        values = tuple(next(csv.reader([line]), []))
        if number == 1 and values == COLUMNS:
            continue
        point = _point(values)
        if number == 1 or point is None:
            raise EcoflapError("sweep_file", path=path, line=number)
        points[point.key] = point
    return points


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        # The page's own file begins with the mark that tells Excel that it is UTF-8.
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise EcoflapError("file_unreadable", path=path, reason=reason) from error
    if len(content) > MOST_BYTES:
        raise EcoflapError("sweep_file", path=path, line=1)
    return text


def _cells(point: SweepPoint) -> tuple[object, ...]:
    return tuple("" if value is None else value for value in asdict(point).values())


def _line(values: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()


def _point(values: tuple[str, ...]) -> SweepPoint | None:
    """A point from the values of its line; None where they are none."""
    if len(values) != len(COLUMNS):
        return None
    try:
        read = {name: _value(name, text) for name, text in zip(COLUMNS, values)}
    except ValueError:
        return None
    return SweepPoint(**read)


def _value(name: str, text: str) -> object:
    if name in _TEXTS:
        return text
    if name in _COUNTS:
        return int(text)
    return None if text == "" else float(text)
