"""What an allocator may read: the groups that share a budget, the same for every target."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ecoflap.allocation.curves import Marginals, increases, marginals
from ecoflap.allocation.thresholds import Thresholds, thresholds
from ecoflap.types import Layer

# What a need of a measured value begins with.
STATS = "stats."
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

    @cached_property
    def modalities(self) -> tuple[tuple[np.ndarray, "Groups"], ...]:
        """The groups of every modality: their indices, (chosen,) int64, and they themselves.

        A group whose layers are in several modalities counts to its first layer's.
        """
        own = [layers[0].modality for layers in self.layers]
        found = (np.array([i for i, name in enumerate(own) if name == each]) for each in dict.fromkeys(own))
        return tuple((chosen, self.subset(chosen)) for chosen in found)

    @cached_property
    def flat(self) -> tuple[tuple[Layer, ...], np.ndarray]:
        """All layers, group after group, and the group of each, (layers,) int64."""
        member = np.repeat(np.arange(len(self.layers)), [len(layers) for layers in self.layers])
        return tuple(layer for layers in self.layers for layer in layers), member

    def mean(self, need: str, weighted: bool = True) -> np.ndarray:
        """Mean of a stat over every group's layers, (groups,): by weights, or every matrix alike."""
        name = need.removeprefix(STATS)
        layers, member = self.flat
        weights = np.array([layer.size if weighted else 1 for layer in layers], dtype=np.float64)
        values = np.array([layer.stats[name] for layer in layers], dtype=np.float64)
        return np.bincount(member, weights * values) / np.bincount(member, weights)

    def thresholds(self, need: str) -> Thresholds:
        """Thresholds over a stat that holds quantiles."""
        if need not in self._thresholds:
            self._thresholds[need] = thresholds(*self.flat, len(self.sizes), need.removeprefix(STATS))
        return self._thresholds[need]

    @cached_property
    def _thresholds(self) -> dict[str, Thresholds]:
        return {}

    def increase(self, sparsities: np.ndarray) -> float:
        """What the groups' curves, as they were measured, add up to at `sparsities`, (groups,)."""
        grid, values = self._increases
        return float(sum(np.interp(sparsity, grid, curve) for sparsity, curve in zip(sparsities, values)))

    @cached_property
    def _increases(self) -> tuple[np.ndarray, np.ndarray]:
        return increases(self.layers)

    def subset(self, chosen: np.ndarray) -> "Groups":
        """The groups at the indices `chosen`, (chosen,) int64."""
        layers = tuple(self.layers[i] for i in chosen)
        return Groups(self.sizes[chosen], self.scores[chosen], layers, (self, chosen))
