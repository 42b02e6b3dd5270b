"""Questions that a model has read already: what one pass shows of their answers, and what the others grow from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn.utils.rnn import pad_sequence


@dataclass(frozen=True)
class Read:
    """What an encoder has made of questions; a decoder needs nothing else to answer them.

    Attributes:
        states: (questions, tokens, width).
        mask: (questions, tokens), 0 where a token is padding.
    """

    states: torch.Tensor
    mask: torch.Tensor

    @property
    def nbytes(self) -> int:
        """Bytes of both tensors."""
        return self.states.nbytes + self.mask.nbytes

    def rows(self, chosen: Sequence[int]) -> "Read":
        """Some of the questions, in the order of `chosen`."""
        index = torch.tensor(chosen, dtype=torch.long)
        return Read(self.states[index], self.mask[index])

    @staticmethod
    def joined(parts: Sequence["Read"]) -> "Read":
        """All questions of `parts`, of which there is at least one, padded behind."""
        states, masks = ([row for part in parts for row in getattr(part, name)] for name in ("states", "mask"))
        return Read(pad_sequence(states, batch_first=True), pad_sequence(masks, batch_first=True))


class Foretold(NamedTuple):
    """What one pass over questions with their expected answers tells.

    Attributes:
        sums: cross-entropy summed over each answer's tokens, in nats: (questions,) float32.
        counts: number of those tokens: (questions,) float32.
        texts: the model's own answer where the pass shows it, else None.
        read: the questions whose text is None, in their order, for `VisionLanguageModel.continued`; None where the
            model has to read them anew.
    """

    sums: torch.Tensor
    counts: torch.Tensor
    texts: list[str | None]
    read: Read | None = None
