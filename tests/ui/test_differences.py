"""Which words are marked, and where two answers part."""

import pytest

from ecoflap.accuracy import same_words
from ecoflap.types import Answer
from ecoflap.ui.differences import marked, parting, word_numbers

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
    ("yes", "(Yes)", [("yes", True)], [("(Yes)", True)]),
    ("a star", "A star .", [("a star", True)], [("A star .", True)]),
]


@pytest.mark.parametrize(("dense", "pruned", "left", "right"), CASES)
def test_marks(dense, pruned, left, right):
    assert marked(dense, pruned) == (left, right)
    assert same_words(dense, pruned) == all(same for _, same in left + right), "one verdict"


def answer(text, *tokens, sure=0.9):
    """An answer whose n-th token has the probability sure - n / 100."""
    tokens = tokens or tuple(text.split())
    return Answer(text, tokens, tuple(sure - i / 100 for i in range(len(tokens))))


@pytest.mark.parametrize(
    ("text", "tokens", "numbers"),
    [
        ("a red circle", ("a", "red", "circle"), [0, 1, 2]),
        ("a circle, a star", ("a", "circ", "le", ",", "a", "star"), [0, 1, 1, 1, 2, 3]),
        ("käse", ("k", "\ufffd", "\ufffd", "se"), [0, 1, 2, 3]),
        ("a star", ("", "a", "", "star"), [0, 0, 1, 1]),
        ("", (), []),
    ],
)
def test_tokens_know_their_words(text, tokens, numbers):
    assert word_numbers(Answer(text, tokens, (1.0,) * len(tokens))) == numbers


PARTINGS = [
    ("there is a green star", "there is a red star", 3, 4, ("green", 0.87), ("red", 0.57)),
    ("a star", "a star and a circle", 2, 3, None, ("and", 0.58)),
    ("a star and", "a star", 2, 3, ("and", 0.88), None),
    ("yes", "", 0, 1, ("yes", 0.9), None),
    ("yes", "no", 0, 1, ("yes", 0.9), ("no", 0.6)),
]


@pytest.mark.parametrize(("dense", "other", "token", "word", "left", "right"), PARTINGS)
def test_the_first_token_that_differs_is_named_with_its_word(dense, other, token, word, left, right):
    found = parting(answer(dense), answer(other, sure=0.6))
    assert (found["token"], found["word"]) == (token, word)
    for side, expected in (("dense", left), ("other", right)):
        assert (found[side] and (found[side][0], pytest.approx(found[side][1]))) == expected


def test_a_piece_of_a_word_is_shown_as_its_word_and_a_mark_as_itself():
    pieces = parting(
        answer("a greenish star.", "a", "green", "ish", "star", "."),
        answer("a greener star", "a", "green", "er", "star"),
    )
    assert (pieces["token"], pieces["word"], pieces["dense"][0], pieces["other"][0]) == (2, 2, "greenish", "greener")
    marks = parting(answer("a star, a dot", "a", "star", ",", "a", "dot"), answer("a star.", "a", "star", "."))
    assert (marks["dense"][0], marks["other"][0]) == (",", ".")


def test_equal_answers_part_nowhere():
    assert parting(answer("a star"), answer("a star", sure=0.2)) is None
    assert parting(answer(""), answer("")) is None
