"""Which words two answers do not share, and the first token at which they part."""

from difflib import SequenceMatcher
from typing import Any

from ecoflap.accuracy import MARKS, bare
from ecoflap.types import Answer

Words = list[tuple[str, bool]]


def marked(dense: str, pruned: str) -> tuple[Words, Words]:
    """Both answers as (run of words, whether the other answer has it at the same place), in order.

    Neither a comma behind a word nor a capital makes it another one; a mark alone belongs to the word before it.
    """
    left, right = _words(dense), _words(pruned)
    first: Words = []
    second: Words = []
    bared = [[bare(word) for word in words] for words in (left, right)]
    for kind, a, b, c, d in SequenceMatcher(None, *bared, autojunk=False).get_opcodes():
        if b > a:
            first.append((" ".join(left[a:b]), kind == "equal"))
        if d > c:
            second.append((" ".join(right[c:d]), kind == "equal"))
    return first, second


def _words(answer: str) -> list[str]:
    """The words, with the marks that stand apart behind them."""
    words: list[str] = []
    for word in answer.split():
        if bare(word) or not words:
            words.append(word)
        else:
            words[-1] += f" {word}"
    return words


def word_numbers(answer: Answer) -> list[int]:
    """For every token the number, from 0, of the word of the text that it begins in; a token that cannot be found in
    the text, such as a piece of a letter, makes every token a word of its own."""
    place, numbers = 0, []
    for token in answer.tokens:
        while answer.text[place : place + 1].isspace():
            place += 1
        if not answer.text.startswith(token, place):
            return [*range(len(answer.tokens))]
        numbers.append(max(0, len(answer.text[: place + 1].split()) - 1))
        place += len(token)
    return numbers


def parting(dense: Answer, other: Answer) -> dict[str, Any] | None:
    """Where `other` chose its first token that is not the dense one's: None where it chose all alike.

    Returns:
        token: its number, from 0. word: the number of its word, from 1. dense, other: (word as people read it,
        probability of the token), or None where that answer had already ended.
    """
    if dense.text == other.text:
        return None
    shared = zip(dense.tokens, other.tokens)
    place = next((i for i, (a, b) in enumerate(shared) if a != b), min(len(dense.tokens), len(other.tokens)))
    if place == max(len(dense.tokens), len(other.tokens)):
        return None
    longer = dense if place < len(dense.tokens) else other
    word = word_numbers(longer)[place] + 1
    return {"token": place, "word": word, "dense": _chosen(dense, place), "other": _chosen(other, place)}


def _chosen(answer: Answer, place: int) -> tuple[str, float] | None:
    """The word around a token, bare, and the token's probability; a mark between words stands for itself."""
    if place >= len(answer.tokens):
        return None
    token, numbers, words = answer.tokens[place], word_numbers(answer), answer.text.split()
    found = token
    if token.strip(MARKS) and max(numbers) < len(words) and token in words[numbers[place]]:
        found = words[numbers[place]].strip(MARKS) or token
    return found, round(float(answer.probabilities[place]), 4)
