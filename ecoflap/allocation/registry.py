"""The allocators, as one explicit list: the page's menu, the command line's choices and the docs are built from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ecoflap import errors
from ecoflap.allocation import ecoflap, response, uniform
from ecoflap.allocation.groups import Groups
from ecoflap.types import Layer

Keep = Callable[[Groups, int, float], np.ndarray]


@dataclass(frozen=True)
class Allocator:
    """One way to split a budget over groups.

    Attributes:
        name: what recipes and the command line call it.
        title: what people read.
        link: where it comes from; empty for what has no paper.
        needs: the bundle fields it reads besides the shapes.
        keep: (groups, weights to keep, cap) -> weights kept per group, (groups,) int64 that sum to the second.
    """

    name: str
    title: str
    link: str
    needs: tuple[str, ...]
    keep: Keep

    def lacks(self, layers: Sequence[Layer]) -> str | None:
        """The first need that some layer does not meet; None where all are met."""
        return next((need for need in self.needs if not all(_has(layer, need) for layer in layers)), None)


def _has(layer: Layer, need: str) -> bool:
    """Whether a layer brings what an allocator needs: score, curve, or stats.<name>."""
    kind, _, name = need.partition(".")
    return {"score": True, "curve": bool(layer.curve)}.get(kind, name in layer.stats)


ALLOCATORS = (
    Allocator("ecoflap", "ECoFLaP: by importance", "https://arxiv.org/abs/2310.02998", ("score",), ecoflap.keep),
    Allocator("response", "Response: by measured loss", "", ("curve",), response.keep),
    Allocator("uniform", "Uniform: the same everywhere", "", (), uniform.keep),
)


def find(name: str) -> Allocator:
    """The allocator called `name`.

    Raises:
        EcoflapError: there is none of that name.
    """
    return errors.find("allocator", name, ALLOCATORS)
