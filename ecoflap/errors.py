"""The one exception of the project: a code from the text table, and the facts that its sentence names."""

from collections.abc import Iterable
from typing import TypeVar

from ecoflap.texts import say


class EcoflapError(Exception):
    """Something a person can put right.

    `code` names the sentence `error.<code>` in the text tables; `facts` are the values it mentions. The sentence gives
    the value, the cause and the remedy, in whichever language the reader has.
    """

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(self.text())

    def text(self, language: str = "en") -> str:
        """The sentence in `language`; half a character, as JSON can name it, is shown as a question mark."""
        return say(f"error.{self.code}", language, **self.facts).encode(errors="replace").decode()


Named = TypeVar("Named")


def find(what: str, name: str, known: Iterable[Named]) -> Named:
    """The one of `known` whose `name` is `name`; `what` says what they are.

    Raises:
        EcoflapError: there is none of that name.
    """
    found = {item.name: item for item in known}
    if name not in found:
        raise EcoflapError("not_a_choice", name=what, value=name, choices=", ".join(found))
    return found[name]


def first_line(error: Exception) -> str:
    """What an error says in its first line, without a full stop, or its kind where it says nothing."""
    if isinstance(error, RecursionError):
        return say("errors.nested")
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


class Cancelled(Exception):
    """The person who asked for long work asked for it to stop."""
