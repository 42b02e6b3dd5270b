"""The command that lists the methods, and the document that holds the same tables."""

import re
from pathlib import Path

import pytest

from ecoflap.cli.listing import allocator_rows, pruner_rows
from ecoflap.pruning.registry import PRUNERS
from ecoflap.types.recipe import CHOICES

DOCS = (Path(__file__).parents[1] / "docs" / "methods.md").read_text(encoding="utf-8")


def table(heading: str) -> list[dict[str, str]]:
    """The rows of the first table under a heading of the document."""
    part = DOCS.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\|(.*)\|$", part, re.MULTILINE)
    lines = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in rows]
    return [dict(zip(lines[0], line)) for line in lines[2:]]


@pytest.mark.parametrize(("heading", "rows"), [("Allocators", allocator_rows), ("Pruners", pruner_rows)])
def test_the_document_has_every_method_as_it_is_registered(heading, rows):
    found = table(heading)
    assert [row["name"] for row in found] == [f"`{row['name']}`" for row in rows()]
    for told, row in zip(found, rows()):
        assert row["paper"] in told["rule"], row["name"]
        assert told.get("reads", row["reads"]) == row["reads"]
        assert told.get("measured by", row.get("measured by")) == row.get("measured by")


def test_recipes_may_name_every_pruner():
    assert CHOICES["pruner"] == tuple(pruner.name for pruner in PRUNERS)
