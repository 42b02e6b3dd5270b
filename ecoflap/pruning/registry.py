"""The local criteria, as one explicit list."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ecoflap import errors
from ecoflap.pruning import magnitude, ria, wanda


@dataclass(frozen=True)
class Pruner:
    """A criterion that ranks the weights inside one layer.

    Attributes:
        name: what recipes and the command line call it.
        title: what people read.
        link: the paper.
        calibrated: whether it needs the inputs' norms.
        importance: (weight, input norms or None) -> importance of every weight; None where `moves`.
        moves: whether it moves the weights that stay, so that it is solved for every allocation and has no ranks.
        across_rows: whether what a weight is worth depends on other rows too.
    """

    name: str
    title: str
    link: str
    calibrated: bool
    importance: Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor] | None
    across_rows: bool = False
    moves: bool = False


PRUNERS = (
    Pruner("wanda", "Wanda", "https://arxiv.org/abs/2306.11695", True, wanda.importance),
    Pruner("magnitude", "Magnitude", "https://arxiv.org/abs/1506.02626", False, magnitude.importance),
    Pruner("ria", "RIA", "https://iclr.cc/virtual/2024/poster/18549", True, ria.importance, across_rows=True),
    Pruner("sparsegpt", "SparseGPT", "https://arxiv.org/abs/2301.00774", True, None, moves=True),
)


def find(name: str) -> Pruner:
    """The pruner called `name`.

    Raises:
        EcoflapError: there is none of that name.
    """
    return errors.find("pruner", name, PRUNERS)
