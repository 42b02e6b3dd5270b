"""The allocators, as one explicit list: the page's menu, the command line's choices and the docs are built from it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecoflap.allocation import ecoflap, uniform
from ecoflap.errors import EcoflapError

Keep = Callable[[np.ndarray, np.ndarray, int, float], np.ndarray]


@dataclass(frozen=True)
class Allocator:
    """One way to split a budget over groups.

    Attributes:
        name: what recipes and the command line call it.
        title: what people read.
        link: where it comes from; empty for what has no paper.
        needs: the bundle fields it reads besides the shapes.
        keep: (sizes, scores, weights to keep, cap) -> weights kept per group.
    """

    name: str
    title: str
    link: str
    needs: tuple[str, ...]
    keep: Keep


ALLOCATORS = (
    Allocator("ecoflap", "ECoFLaP: by importance", "https://arxiv.org/abs/2310.02998", ("score",), ecoflap.keep),
    Allocator("uniform", "Uniform: the same everywhere", "", (), uniform.keep),
)


def find(name: str) -> Allocator:
    """The allocator called `name`.

    Raises:
        EcoflapError: there is none of that name.
    """
    for allocator in ALLOCATORS:
        if allocator.name == name:
            return allocator
    choices = ", ".join(allocator.name for allocator in ALLOCATORS)
    raise EcoflapError("not_a_choice", name="allocator", value=name, choices=choices)
