"""Every sentence a person reads, one JSON table per language beside this file."""

import json
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
# English first: it is what commands and the API speak, and what is said where another language lacks a sentence.
LANGUAGES = ("en", "zh")


@cache
def table(language: str = "en") -> dict[str, str]:
    """The whole table of `language`: key -> sentence, with {facts} in braces."""
    return json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))


def say(key: str, language: str = "en", **facts: object) -> str:
    """The sentence `key` in `language`, its {facts} filled in; a `Phrase` among them is said in the same language.

    Raises:
        KeyError: no such sentence, or one of its facts was not given; both are mistakes of the programmer.
    """
    sentence = table(language).get(key) or table()[key]
    return sentence.format(**{name: told(fact, language) for name, fact in facts.items()})


class Phrase(str):
    """An English sentence that can still be said in another language: it remembers its key and its {facts}.

    For words that are chosen deep below the page, where nobody knows who will read them.
    """

    __slots__ = ("facts", "key")

    def __new__(cls, key: str, **facts: object) -> "Phrase":
        """The sentence `key` with its {facts}."""
        made = super().__new__(cls, say(key, **facts))
        made.key, made.facts = key, facts
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        return (self.key,), self.facts  # copies and pickles are made from these


def told(words: object, language: str = "en") -> object:
    """A phrase in `language`; whatever else it is, as it is."""
    return say(words.key, language, **words.facts) if isinstance(words, Phrase) else words
