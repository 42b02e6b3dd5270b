"""Answering many questions in one state of a model: what reading them does not show is all that is written."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from ecoflap.errors import Cancelled
from ecoflap.models.reading import Read
from ecoflap.types import Allocation, Recipe, Sample

if TYPE_CHECKING:
    from ecoflap.engine import Engine
    from ecoflap.models.base import Batch, VisionLanguageModel

BATCH = 64
# Bytes of encoded samples that are kept.
ROOM = 512 * 2**20
# Bytes of questions that were read and wait to be answered together: about 1,000 of the demo's, 70 of BLIP-2's with
# FlanT5-XL in half precision. What a decoder keeps while it writes is a hundred times as much.
WAITING = 16 * 2**20
Progress = Callable[[int, int], bool | None]


class Questions:
    """The samples of an evaluation, in batches of similar lengths, their tensors kept from point to point."""

    def __init__(self, samples: Sequence[Sample], room: int = ROOM) -> None:
        """Note the batches.

        Args:
            samples: with the answers that they are marked by.
            room: bytes of tensors that are kept; batches beyond that are encoded anew every time.
        """
        self.samples, self._room = samples, room
        order = sorted(range(len(samples)), key=lambda i: _lengths(samples[i]))
        self.batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        self._kept: dict[int, Batch] = {}

    def encoded(self, model: "VisionLanguageModel", number: int) -> "Batch":
        """The tensors of batch `number`, of one and the same model every time."""
        if number in self._kept:
            return self._kept[number]
        batch = model.encode([self.samples[i] for i in self.batches[number]])
        size = sum(tensor.nbytes for tensor in batch.values() if isinstance(tensor, torch.Tensor))
        if size <= self._room:
            self._room -= size
            self._kept[number] = batch
        return batch


def _lengths(sample: Sample) -> tuple[int, ...]:
    """Words and letters of answer and question: a batch is as long as the longest of each."""
    return len(sample.answer.split()), len(sample.question.split()), len(sample.answer), len(sample.question)


class Answering:
    """One pass over all questions.

    Attributes:
        loss: cross-entropy summed over the expected answers' tokens, in nats.
        tokens: their number.
        said: the model's answer to every question, in the order of the samples; None where there is none so far.
    """

    def __init__(
        self,
        engine: "Engine",
        questions: Questions,
        allocation: Allocation | None,
        recipe: Recipe,
        tell: Progress | None = None,
    ) -> None:
        """Begin with nothing read; for the arguments see `evaluation.evaluate`."""
        self.loss, self.tokens = 0.0, 0.0
        self.said: list[str | None] = [None] * len(questions.samples)
        self._engine, self._state, self._questions, self._tell = engine, (allocation, recipe), questions, tell
        self._done = 0
        self._waiting: list[tuple[list[int], Read]] = []

    def measure(self) -> None:
        """Sum up the loss alone."""
        for number, batch in enumerate(self._questions.batches):
            self._read(number)
            self._told(len(batch))

    def answer(self) -> None:
        """Sum up the loss, and answer every question."""
        anew: list[int] = []
        for number, batch in enumerate(self._questions.batches):
            texts, read = self._read(number)
            self._say(batch, texts)
            hidden = [i for i, text in zip(batch, texts) if text is None]
            if read is None:
                anew += hidden
            elif hidden:
                self._waiting.append((hidden, read))
            if sum(read.nbytes for _, read in self._waiting) >= WAITING:
                self._continue()
        self._continue()
        for part in (anew[start : start + BATCH] for start in range(0, len(anew), BATCH)):
            with self._engine.state(*self._state) as model:
                answers = model.answer([self._questions.samples[i] for i in part])
            self._say(part, [answer.text for answer in answers])

    def _read(self, number: int) -> tuple[list[str | None], Read | None]:
        """Read a batch with its expected answers: the texts that this shows, and what the others grow from."""
        with self._engine.state(*self._state) as model, torch.inference_mode():
            sums, counts, texts, read = model.foretold(self._questions.encoded(model, number))
        self.loss += float(sums.double().sum())
        self.tokens += float(counts.double().sum())
        return texts, read

    def _continue(self) -> None:
        """Answer together what waits."""
        if not self._waiting:
            return
        places, parts = zip(*self._waiting)
        self._waiting = []
        with self._engine.state(*self._state) as model, torch.inference_mode():
            texts = model.continued(Read.joined(parts))
        self._say([i for part in places for i in part], texts)

    def _say(self, places: Sequence[int], texts: Sequence[str | None]) -> None:
        for i, text in zip(places, texts, strict=True):
            self.said[i] = text
        self._told(sum(text is not None for text in texts))

    def _told(self, count: int) -> None:
        self._done += count
        if self._tell is not None and self._tell(self._done, len(self.said)) is False:
            raise Cancelled
