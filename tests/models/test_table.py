"""The tables of families in README.md and docs/models.md against what the suite expects of them."""

import pytest

from tests.models.expected import EXPECTED
from tests.models.families import FAMILIES, table


@pytest.mark.parametrize("path", table.FILES, ids=lambda path: path.name)
def test_the_page_has_the_table_that_the_families_give(path):
    assert path.read_text(encoding="utf-8") == table.written(path), "python -m tests.models.families.table writes it"


def test_almost_all_pass():
    assert sum(bool(expected.fails) for expected in EXPECTED.values()) <= 2


def test_every_package_that_a_family_needs_is_installed_for_the_tests():
    developing = (table.ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    said = (table.ROOT / "README.md").read_text(encoding="utf-8").split("<!-- test -->")[1].split("```")[1]
    assert all(need in developing + said for family in FAMILIES.values() for need in family.needs)
