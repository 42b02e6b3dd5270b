"""The one exception of the project: a code from the text table, and the facts that its sentence names."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from ecoflap.texts import Phrase, say

# What libraries say where memory ran out and the type of the error does not.
NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


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

    @property
    def phrase(self) -> Phrase:
        """The sentence as a fact of another one."""
        return Phrase(f"error.{self.code}", **self.facts)


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
        return Phrase("errors.nested")
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def failure(error: Exception, otherwise: Callable[[str], EcoflapError]) -> EcoflapError:
    """What people are told of an error that nobody foresaw: where memory ran out, that; else what `otherwise` makes
    of its kind and first line. Strangers may read it, so of an error about a file it names no path."""
    file_error = isinstance(error, OSError) and error.strerror
    reason = f"{type(error).__name__}: {error.strerror if file_error else first_line(error)}"
    return EcoflapError("memory", reason=reason) if out_of_memory(error) else otherwise(reason)


def out_of_memory(error: Exception) -> bool:
    """Whether memory ran out: Python's, a GPU's, or that of torch's allocator on the CPU, which has no type for it."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    said = isinstance(error, RuntimeError) and any(words in str(error).lower() for words in NO_MEMORY)
    return said or bool(kinds & {"MemoryError", "OutOfMemoryError"})


def one_line(words: object) -> str:
    """What is said, on one line and without what steers a terminal: names in files may hold anything."""
    return " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in str(words)).split())


class Cancelled(Exception):
    """The person who asked for long work asked for it to stop."""
