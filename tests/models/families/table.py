"""The tables of families, written from what the suite expects: `python -m tests.models.families.table`."""

from pathlib import Path

from tests.models.expected import EXPECTED, Expected
from tests.models.expected_towers import CLASSIFIERS, COMPARED, TEXTS
from tests.models.families import FAMILIES, Family
from tests.models.families.towers import TOWERS

ROOT = Path(__file__).resolve().parents[3]
START, END = "<!-- families -->", "<!-- /families -->"
SHORT = ("model", "class", "needs", "passes")
FULL = ("model", "class", "vision", "bridge", "language", "needs", "passes")
# File -> the columns of its table.
FILES = {ROOT / "README.md": SHORT, ROOT / "docs" / "models.md": FULL}


def paths(expected: Expected, modality: str) -> str:
    """Where the prunable matrices of a modality are, as the suite checks it."""
    found = expected.stacks.get(modality, {})
    return ", ".join(f"`{path.removeprefix('model.')}`" for path in found) or "-"


def cells(family: Family, expected: Expected) -> dict[str, str]:
    """What is said of one family, by column."""
    return {
        "model": family.name,
        "class": f"`{family.architecture}`",
        **{modality: paths(expected, modality) for modality in ("vision", "bridge", "language")},
        "needs": ", ".join(f"`{need}`" for need in family.needs) or "-",
        "passes": f"no: {expected.fails}" if expected.fails else "yes",
    }


def table(columns: tuple[str, ...]) -> str:
    """The table in Markdown."""
    expected = EXPECTED | {name: Expected(stacks) for name, stacks in (CLASSIFIERS | COMPARED | TEXTS).items()}
    found = [cells(family, expected[family.name]) for family in (*FAMILIES.values(), *TOWERS)]
    rows = [columns, ("---",) * len(columns), *(tuple(each[name] for name in columns) for each in found)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written(path: Path) -> str:
    """The text of `path` with its table between the marks."""
    before, rest = path.read_text(encoding="utf-8").split(START)
    return f"{before}{START}\n\n{table(FILES[path])}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    for file in FILES:
        file.write_text(written(file), encoding="utf-8")
