"""What a reader should have in mind at every noun of a question: how many items it fits, and where the only one is."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast

from ecoflap.demo.model import QUERIES, WIDTH
from ecoflap.demo.scenes import COLOURS, MAX_ITEMS, SHAPES, Scene
from ecoflap.demo.words import SYNONYMS, THINGS, Phrase

IGNORED = -100
ADJECTIVES = {word: ("size", size) for size, words in SYNONYMS.items() for word in words} | {
    colour: ("colour", colour) for colour in COLOURS
}
NOUNS = {shape + ending: shape for shape in SHAPES for ending in ("", "s")} | {
    thing + ending: None for thing in THINGS for ending in ("", "s")
}


def phrases_in(words: Sequence[str]) -> list[tuple[int, Phrase]]:
    """The noun phrases of a question, each with the place of its noun; a phrase begins where its adjectives do."""
    found, attributes = [], {}
    for place, word in enumerate(words):
        if word in NOUNS:
            found.append((place, Phrase(**attributes, shape=NOUNS[word])))
        attributes = {**attributes, **dict([ADJECTIVES[word]])} if word in ADJECTIVES else {}
    return found


class ReadingHints(nn.Module):
    """Linear heads on T5's third encoder block, dropped afterwards: at each noun, the number of items that its phrase
    fits, and the cell of the only one. An answer of one word says too little about how to read a question.
    """

    BLOCK = 3

    def __init__(self, tokens: PreTrainedTokenizerFast) -> None:
        super().__init__()
        self.words = tokens.convert_ids_to_tokens(list(range(len(tokens))))
        self.number = nn.Linear(WIDTH, MAX_ITEMS + 1)
        self.cell = nn.Linear(WIDTH, QUERIES)

    def loss(self, states: torch.Tensor, ids: torch.Tensor, scenes: Sequence[Scene]) -> torch.Tensor:
        """Loss of encoder states [n, words, WIDTH] of questions `ids` [n, words], one scene for each question."""
        numbers, cells = self._targets(ids, scenes)
        heads = ((self.number, numbers), (self.cell, cells))
        return sum(
            F.cross_entropy(
                head(states.float()).flatten(0, 1), wanted.to(states.device).flatten(), ignore_index=IGNORED
            )
            for head, wanted in heads
        )

    def _targets(self, ids: torch.Tensor, scenes: Sequence[Scene]) -> tuple[torch.Tensor, torch.Tensor]:
        """Number and cell at each noun as indices [n, words], IGNORED elsewhere and for a cell that is not unique."""
        numbers = np.full(ids.shape, IGNORED, np.int64)
        cells = numbers.copy()
        for row, (question, scene) in enumerate(zip(ids.tolist(), scenes, strict=True)):
            for place, phrase in phrases_in([self.words[token] for token in question]):
                fitting = [item for item in scene.items if phrase.fits(item)]
                numbers[row, place] = len(fitting)
                if len(fitting) == 1:
                    cells[row, place] = fitting[0].cell
        return torch.from_numpy(numbers), torch.from_numpy(cells)
