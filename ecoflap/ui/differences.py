"""Which words two answers do not share."""

from difflib import SequenceMatcher

Words = list[tuple[str, bool]]


def marked(dense: str, pruned: str) -> tuple[Words, Words]:
    """Both answers as (run of words, whether the other answer has it at the same place), in order."""
    left, right = dense.split(), pruned.split()
    first: Words = []
    second: Words = []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if b > a:
            first.append((" ".join(left[a:b]), kind == "equal"))
        if d > c:
            second.append((" ".join(right[c:d]), kind == "equal"))
    return first, second
