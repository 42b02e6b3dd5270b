"""Which words two answers do not share."""

from difflib import SequenceMatcher

Words = list[tuple[str, bool]]


def marked(dense: str, pruned: str) -> tuple[Words, Words]:
    """Both answers as (run of words, whether the other answer has it at the same place), in order.

    A comma behind a word makes it no other word.
    """
    left, right = dense.split(), pruned.split()
    first: Words = []
    second: Words = []
    for kind, a, b, c, d in SequenceMatcher(None, _bare(left), _bare(right), autojunk=False).get_opcodes():
        if b > a:
            first.append((" ".join(left[a:b]), kind == "equal"))
        if d > c:
            second.append((" ".join(right[c:d]), kind == "equal"))
    return first, second


def _bare(words: list[str]) -> list[str]:
    """The words without the punctuation around them."""
    return [word.strip(".,;:?!") or word for word in words]
