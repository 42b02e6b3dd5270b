"""Many questions, dense against pruned: all of them to the one, then all to the other, and what came of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ecoflap.accuracy import Share, same_words, share
from ecoflap.asking import DENSE, PRUNED
from ecoflap.data.uploads import Row
from ecoflap.errors import EcoflapError
from ecoflap.types import Answer, Sample

# On the demo up to twice as fast as one by one (at 70% no faster: one rambling answer holds up the others), with the
# same answers; whoever else asks waits for no more than these.
AT_ONCE = 8
# Opens the picture of the row with this number and checks what is asked.
Open = Callable[[int], Sample]
AnswerAll = Callable[[Sequence[Sample]], list[Answer]]


@dataclass
class Outcome:
    """What came of one row: the answers by state as far as they are there, or why there never will be any."""

    row: Row
    said: dict[str, str] = field(default_factory=dict)
    problem: EcoflapError | None = None

    @property
    def same(self) -> bool | None:
        """Whether both said the same words; None before both have spoken."""
        return same_words(self.said[DENSE], self.said[PRUNED]) if len(self.said) == 2 else None

    def right(self, state: str) -> bool | None:
        """Whether a state's answer is right; None before it has spoken, or where nobody said what is right."""
        return self.row.right(self.said[state]) if state in self.said else None


class Batch:
    """Outcomes of many rows, filled in step by step."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.outcomes = [Outcome(row, problem=row.problem) for row in rows]

    def left(self, state: str) -> list[int]:
        """Numbers of the rows that a state is still to be asked."""
        return [i for i, out in enumerate(self.outcomes) if out.problem is None and state not in out.said]

    def ask(self, state: str, open_row: Open, answer: AnswerAll) -> Iterator[int]:
        """Ask every row that is left, a few at once; yields how many of them are done after every few.

        A row that cannot be opened, or that the model refuses, keeps its problem and the others go on.

        Args:
            state: dense or pruned.
            open_row: the sample of a row.
            answer: the model in that state.

        Raises:
            EcoflapError: the model is gone.
        """
        left = self.left(state)
        for start in range(0, len(left), AT_ONCE):
            self._few(left[start : start + AT_ONCE], state, open_row, answer)
            yield min(start + AT_ONCE, len(left))

    def _few(self, numbers: Sequence[int], state: str, open_row: Open, answer: AnswerAll) -> None:
        opened: list[tuple[Outcome, Sample]] = []
        for number in numbers:
            try:
                opened.append((self.outcomes[number], open_row(number)))
            except EcoflapError as error:
                self.outcomes[number].problem = error
        try:
            answers = answer([sample for _, sample in opened]) if opened else []
        except EcoflapError as error:
            _one_by_one(opened, state, answer, error)
            return
        for (outcome, _), said in zip(opened, answers, strict=True):
            outcome.said[state] = said.text

    def same(self) -> Share | None:
        """How many rows both answered alike, of those that both answered; None before there is one."""
        return _share([outcome.same for outcome in self.outcomes])

    def right(self, state: str) -> Share | None:
        """How many answers of a state are right, of the rows that both answered and whose right answer is known."""
        return _share([outcome.right(state) for outcome in self.outcomes if outcome.same is not None])

    def changed(self) -> tuple[int, int]:
        """How many right answers the pruned state broke, and how many wrong ones it mended."""
        marks = [(outcome.right(DENSE), outcome.right(PRUNED)) for outcome in self.outcomes]
        return marks.count((True, False)), marks.count((False, True))


def _one_by_one(opened: list[tuple[Outcome, Sample]], state: str, answer: AnswerAll, error: EcoflapError) -> None:
    """One of a few was refused: each alone, so that it alone is told so.

    Raises:
        EcoflapError: the model is gone, whatever is asked.
    """
    if error.code == "model_released":
        raise error
    for outcome, sample in opened:
        try:
            outcome.said[state] = answer([sample])[0].text
        except EcoflapError as own:
            outcome.problem = own


def _share(marks: Sequence[bool | None]) -> Share | None:
    known = [mark for mark in marks if mark is not None]
    return share(known) if known else None
