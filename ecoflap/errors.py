"""The one exception of the project: a code from the text table, and the facts that its sentence names."""

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
        """The sentence in `language`."""
        return say(f"error.{self.code}", language, **self.facts)


class Cancelled(Exception):
    """The person who asked for long work asked for it to stop."""
