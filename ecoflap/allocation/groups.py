"""What an allocator may read: the groups that share a budget, the same for every target."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ecoflap.allocation.curves import Marginals, marginals
from ecoflap.types import Layer

# A score this much smaller than the largest would not move a weight among 1e15.
TINY = 1e-30


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of layers, in order of first appearance, made once per plan and asked for every target.

    What follows from them without a target is a cached property, so that it is computed once and only if needed.

    Attributes:
        sizes: weights per group, (groups,) int64.
        scores: importance per group, (groups,) float64, at least 0, in any unit.
        layers: the layers of each group, in execution order.
        whole: where these are some of more groups: those, and which they are, (groups,) int64.
    """

    sizes: np.ndarray
    scores: np.ndarray
    layers: tuple[tuple[Layer, ...], ...] = ()
    whole: "tuple[Groups, np.ndarray] | None" = None

    @cached_property
    def total(self) -> int:
        """Weights in all groups."""
        return int(self.sizes.sum())

    @cached_property
    def relative(self) -> np.ndarray:
        """Scores as shares of the largest, (groups,) float64; 0 for what is too small to receive a single weight."""
        largest = self.scores.max(initial=0.0)
        return np.where(self.scores > TINY * largest, self.scores, 0.0) / (largest or 1.0)

    @cached_property
    def scored(self) -> np.ndarray:
        """Indices of the groups with a score, (scored,) int64, those first that have most score for their size.

        Under a rising level of kept weights per score they become full in this order, or nearly, so that what has to
        be sorted for each target is almost sorted already.
        """
        found = np.flatnonzero(self.relative > 0)
        return found[np.argsort(self.sizes[found] / self.relative[found], kind="stable")]

    @cached_property
    def scored_relative(self) -> np.ndarray:
        """`relative` of the groups with a score, (scored,) float64."""
        return self.relative[self.scored]

    @cached_property
    def marginals(self) -> Marginals:
        """What the next weight of every group costs, from the layers' curves.

        What groups have in common is found in all of them, so that a group's price does not depend on the others' pool.
        """
        if self.whole is None:
            return marginals(self.layers)
        groups, chosen = self.whole
        return Marginals(groups.marginals.sparsities, groups.marginals.prices[chosen])

    def subset(self, chosen: np.ndarray) -> "Groups":
        """The groups at the indices `chosen`, (chosen,) int64."""
        layers = tuple(self.layers[i] for i in chosen)
        return Groups(self.sizes[chosen], self.scores[chosen], layers, (self, chosen))
