"""What commands print: results on stdout, progress on stderr."""

import json
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ecoflap.command import stderr


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


def show(document: dict[str, Any], form: Format, title: str, rows: list[dict[str, Any]]) -> None:
    """Print the JSON document, or `rows` (all with the same columns) as a table under `title`."""
    if form is Format.JSON:
        print(json.dumps(document, indent=1))
        return
    console = Console(width=None if Console().is_terminal else 160)
    console.print(title, markup=False, highlight=False)
    table = Table()
    for column, value in rows[0].items():
        table.add_column(column, justify="right" if isinstance(value, (int, float)) else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    console.print(table, markup=False)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def bar() -> Progress:
    """A progress bar with the time left, on stderr."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal)
