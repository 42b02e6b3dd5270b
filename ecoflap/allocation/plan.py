"""A recipe applied to a bundle: groups, budget, and the share of every matrix."""

from collections.abc import Sequence

import numpy as np

from ecoflap.allocation import budget, registry
from ecoflap.allocation.groups import Groups
from ecoflap.errors import EcoflapError
from ecoflap.types import Allocation, Layer, Recipe, ScoreBundle, pattern

# The slider's positions: sparsities 0.00 to 0.95.
TARGETS = tuple(step / 100 for step in range(96))


def group_name(layer: Layer, granularity: str) -> str:
    """The group that `layer` belongs to: itself, its block, or its modality."""
    return {"layer": layer.name, "block": layer.block, "model": layer.modality}[granularity]


class Plan:
    """Everything of an allocation that does not depend on the target, computed once per bundle and recipe.

    Groups are in order of first appearance. A group fixed by an override keeps round((1 - s) * size) weights; the other
    groups share what is left of the budget. An N:M pattern fixes every layer instead: its plan is the same at every
    target.
    """

    def __init__(self, bundle: ScoreBundle, recipe: Recipe) -> None:
        self.layers, self.recipe = bundle.layers, recipe
        self.allocator = registry.find(recipe.allocator)
        self.prunable = tuple(layer.modality in recipe.modalities for layer in self.layers)
        if not any(self.prunable):
            found = sorted({layer.modality for layer in self.layers})
            raise EcoflapError("nothing_prunable", wanted=", ".join(recipe.modalities), found=", ".join(found))
        self.group_of = tuple(group_name(layer, recipe.granularity) for layer in self.layers)
        chosen = [i for i, counts in enumerate(self.prunable) if counts]
        self.chosen = np.array(chosen)
        self.names = tuple(dict.fromkeys(self.group_of[i] for i in chosen))
        index = {group: i for i, group in enumerate(self.names)}
        self.member = np.array([index[self.group_of[i]] for i in chosen])
        self.layer_sizes = np.array([layer.size for layer in self.layers], dtype=np.int64)
        need = None if recipe.fixed else self.allocator.lacks([self.layers[i] for i in chosen])
        if need:
            raise EcoflapError("bundle_lacks", allocator=self.allocator.name, need=need, method=bundle.method)
        self.groups = self._groups()
        self._split = budget.Split(self.member, self.layer_sizes[self.chosen])
        self._fix_overrides(index)

    def _groups(self) -> Groups:
        """The prunable layers by group, with their aggregated scores."""
        chosen = [self.layers[i] for i in self.chosen]
        sizes = np.bincount(self.member, self.layer_sizes[self.chosen]).astype(np.int64)
        # Shares are relative: scaled to at most 1, sums of the largest numbers stay finite.
        scores = np.array([layer.score for layer in chosen], dtype=np.float64)
        scores = np.bincount(self.member, scores / (scores.max() or 1.0))
        members: list[list[Layer]] = [[] for _ in self.names]
        for group, layer in zip(self.member, chosen):
            members[group].append(layer)
        return Groups(sizes, scores / sizes if self.recipe.aggregate == "avg" else scores, tuple(map(tuple, members)))

    def _fix_overrides(self, index: dict[str, int]) -> None:
        """Note which groups the recipe fixes, and how much they keep."""
        unknown = [group for group in self.recipe.overrides if group not in index]
        if unknown:
            raise EcoflapError("unknown_group", group=unknown[0], granularity=self.recipe.granularity)
        self.fixed = np.full(len(self.names), -1, dtype=np.int64)
        for group, sparsity in self.recipe.overrides.items():
            if sparsity > self.recipe.cap:
                raise EcoflapError("override_above_cap", group=group, value=sparsity, cap=self.recipe.cap)
            size = int(self.groups.sizes[index[group]])
            self.fixed[index[group]] = size - round(sparsity * size)
        self.free = self.fixed < 0
        self.free_groups = self.groups.subset(self.free) if self.recipe.overrides else self.groups

    def group_kept(self, target: float, cap: float) -> np.ndarray:
        """Weights kept per group, (groups,) int64, summing to exactly round((1 - target) * N)."""
        keep = budget.budget(self.groups.total, target)
        if not self.recipe.overrides:
            return self.allocator.keep(self.groups, keep, cap)
        kept = self.fixed.copy()
        rest, room = keep - int(kept[~self.free].sum()), self.free_groups.total
        if not (1 - cap) * room - 0.5 <= rest <= room:
            facts = {"target": target, "keep": keep, "fixed": keep - rest, "room": room, "cap": cap}
            raise EcoflapError("overrides_break_budget", **facts)
        if room:
            kept[self.free] = self.allocator.keep(self.free_groups, rest, cap)
        return kept

    def layer_kept(self, target: float, cap: float) -> np.ndarray:
        """Weights kept per layer, (layers,) int64; a group's count is split by size, largest remainder within it."""
        kept = self.layer_sizes.copy()
        if self.recipe.fixed:
            shapes = [(self.layers[i].rows, self.layers[i].cols) for i in self.chosen]
            kept[self.chosen] = [pattern.kept(self.recipe.pattern, rows, cols) for rows, cols in shapes]
            return kept
        whole = self._split(self.group_kept(target, cap))
        kept[self.chosen] = self._rounded(whole) if self.recipe.rounding == "reference" else whole
        return kept

    def _rounded(self, whole: np.ndarray) -> np.ndarray:
        """The public code's rounding: int(cols * s) weights of every row go, so a little less than the budget."""
        layers = [self.layers[i] for i in self.chosen]
        rows, cols = (np.array([getattr(layer, side) for layer in layers]) for side in ("rows", "cols"))
        sparsity = 1 - whole / (rows * cols)
        return rows * (cols - np.floor(cols * sparsity + 1e-12).astype(np.int64))

    def allocation(self) -> Allocation:
        """The allocation at the recipe's own target."""
        kept = self.layer_kept(self.recipe.target, self.recipe.cap)
        target, cap = self.recipe.target, self.recipe.cap
        return Allocation(self.layers, tuple(kept.tolist()), self.prunable, self.group_of, target, cap)

    def table(self, targets: Sequence[float] = TARGETS) -> np.ndarray:
        """Sparsity of every layer at every target: (targets, layers) float64, NaN where out of the cap's reach."""
        kept = np.full((len(targets), len(self.layers)), np.nan)
        for row, target in zip(kept, targets):
            cap = min(1.0, target + self.recipe.cap_margin) if self.recipe.max_sparsity is None else self.recipe.cap
            try:
                row[:] = self.layer_kept(target, cap)
            except EcoflapError as error:
                if error.code not in ("target_above_cap", "overrides_break_budget"):
                    raise
        return 1 - kept / self.layer_sizes


def allocate(bundle: ScoreBundle, recipe: Recipe) -> Allocation:
    """Weights kept per layer for `recipe`.

    Raises:
        EcoflapError: the recipe was made for another bundle, or names a group that this one does not have.
    """
    if recipe.bundle not in ("", bundle.fingerprint):
        raise EcoflapError("recipe_of_other_bundle", wanted=recipe.bundle, found=bundle.fingerprint)
    return Plan(bundle, recipe).allocation()
