"""Which words are marked."""

import pytest

from ecoflap.ui.differences import marked

CASES = [
    ("a red circle", "a red circle", [("a red circle", True)], [("a red circle", True)]),
    (
        "a red circle",
        "a blue circle",
        [("a", True), ("red", False), ("circle", True)],
        [("a", True), ("blue", False), ("circle", True)],
    ),
    ("two stars", "stars", [("two", False), ("stars", True)], [("stars", True)]),
    ("yes", "", [("yes", False)], []),
    ("a star, a square", "a star", [("a star,", True), ("a square", False)], [("a star", True)]),
    ("", "", [], []),
]


@pytest.mark.parametrize(("dense", "pruned", "left", "right"), CASES)
def test_marks(dense, pruned, left, right):
    assert marked(dense, pruned) == (left, right)
