"""Every sentence a person reads, one JSON table per language beside this file."""

import json
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def table(language: str = "en") -> dict[str, str]:
    """The whole table of `language`: key -> sentence, with {facts} in braces."""
    return json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))


def say(key: str, language: str = "en", **facts: object) -> str:
    """The sentence `key` in `language`, its {facts} filled in.

    Raises:
        KeyError: no such sentence, or one of its facts was not given; both are mistakes of the programmer.
    """
    return table(language)[key].format(**facts)
