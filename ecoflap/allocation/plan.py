"""A recipe applied to a bundle: groups, budget, and the share of every matrix."""

from collections.abc import Sequence

import numpy as np

from ecoflap.allocation import budget, registry
from ecoflap.allocation.groups import Groups
from ecoflap.allocation.pools import group_name, nested
from ecoflap.errors import EcoflapError
from ecoflap.types import Allocation, Layer, Recipe, ScoreBundle, pattern

# The slider's positions: sparsities 0.00 to 0.95.
TARGETS = tuple(step / 100 for step in range(96))


class Plan:
    """Everything of an allocation that does not depend on the target, computed once per bundle and recipe.

    An override makes a pool of the layers that it names: they keep size - round(s * size) weights in all, whatever the
    cap, and the allocator shares these among the pool's groups like any budget. What is fixed inside a pool (a layer in
    a block, a block in a modality) is a pool of its own that the rest of the outer one pays for. Everything else shares
    what is left of the overall budget. Without overrides there is one pool, and its groups are the recipe's.

    Groups are in order of first appearance; one with layers in several pools is a group in each. An N:M pattern fixes
    every layer instead: its plan is the same at every target.
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
        pruned = [self.layers[i] for i in chosen]
        self.pools, own = nested(pruned, recipe.overrides)
        places = [(pool, self.group_of[i]) for pool, i in zip(own.tolist(), chosen)]
        index = {place: i for i, place in enumerate(dict.fromkeys(places))}
        self.names = tuple(group for _, group in index)
        self.member = np.array([index[place] for place in places])
        self.layer_sizes = np.array([layer.size for layer in self.layers], dtype=np.int64)
        need = None if recipe.fixed else self.allocator.lacks(pruned)
        if need:
            facts = {"allocator": self.allocator.name, "need": need, "method": bundle.method}
            raise EcoflapError("bundle_lacks", **facts, way=self.allocator.method)
        self.groups = self._groups()
        self._split = budget.Split(self.member, self.layer_sizes[self.chosen])
        self._share_pools(np.array([pool for pool, _ in index]))

    def _groups(self) -> Groups:
        """The prunable layers by group, with their aggregated scores."""
        chosen = [self.layers[i] for i in self.chosen]
        sizes = np.bincount(self.member, self.layer_sizes[self.chosen]).astype(np.int64)
        # Shares are relative: scaled to at most 1, sums of the largest numbers stay finite.
        scores = np.array([self.allocator.score_of(layer) for layer in chosen], dtype=np.float64)
        scores = np.bincount(self.member, scores / (scores.max() or 1.0))
        members: list[list[Layer]] = [[] for _ in self.names]
        for group, layer in zip(self.member, chosen):
            members[group].append(layer)
        return Groups(sizes, scores / sizes if self.recipe.aggregate == "avg" else scores, tuple(map(tuple, members)))

    def _share_pools(self, pool_of: np.ndarray) -> None:
        """Note which groups share what is left in each pool; `pool_of` (groups,) is the pool of every group.

        Raises:
            EcoflapError: a pool cannot keep what is asked of it and of the pools inside it.
        """
        self._chosen = [np.flatnonzero(pool_of == number) for number in range(len(self.pools))]
        whole = len(self.pools) == 1
        self._shared = [self.groups if whole else self.groups.subset(chosen) for chosen in self._chosen]
        for pool, groups in zip(self.pools[1:], self._shared[1:]):
            if not 0 <= pool.kept - pool.held <= groups.total:
                facts = {"keep": pool.kept, "held": pool.held, "room": groups.total, "value": pool.sparsity}
                raise EcoflapError("overrides_contradict", group=pool.name, **facts)

    def group_kept(self, target: float, cap: float) -> np.ndarray:
        """Weights kept per group, (groups,) int64, summing to exactly round((1 - target) * N)."""
        if not self.recipe.overrides:
            return self.allocator.keep(self.groups, budget.budget(self.groups.total, target), cap)
        kept = np.empty(len(self.groups.sizes), dtype=np.int64)
        for chosen, groups, count, own_cap in self.budgets(target, cap):
            kept[chosen] = count if len(chosen) < 2 else self.allocator.keep(groups, count, own_cap)
        return kept

    def budgets(self, target: float, cap: float) -> list[tuple[np.ndarray, Groups, int, float]]:
        """What each pool has to share out: which groups these are, (chosen,) int64, they themselves, how many weights
        they keep together, and their cap, which is above `cap` where the pool needs more zeros than that.

        Raises:
            EcoflapError: overrides leave no allocation at this target.
        """
        keep = budget.budget(self.groups.total, target)
        outermost, free = self.pools[0], self._shared[0].total
        rest = keep - outermost.held
        if not (1 - cap) * free - 0.5 <= rest <= free:
            facts = {"target": target, "keep": keep, "fixed": outermost.held, "room": free, "cap": cap}
            raise EcoflapError("overrides_break_budget", **facts)
        counts = [rest, *(pool.kept - pool.held for pool in self.pools[1:])]
        caps = [
            max(cap, 1 - count / groups.total) if groups.total else cap for groups, count in zip(self._shared, counts)
        ]
        return list(zip(self._chosen, self._shared, counts, caps))

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
        """Sparsity of every layer at every target: (targets, layers) float64, NaN where cap or overrides leave none."""
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
