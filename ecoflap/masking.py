"""Switching a model between sparsities: rank every weight once, then any sparsity is one pass over the weights.

A weight's rank is its place in the order of importance within its comparison scope, 0 for the least important. Removing
the k least important weights is then `rank >= k`, whatever k is. Dense weights are kept beside the model, so that
every state can be reached from every other and the dense one is restored bit for bit. A pass reads dense weight and
rank and writes the weight: 10 bytes for a float32 weight ranked in its row, against the 8 of a plain copy. Under an N:M
pattern weights are ranked within their group of M, and the M - N first ranks go.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from ecoflap.pruning import patterns
from ecoflap.types import Layer, pattern

# Widest row whose ranks are int16.
_INT16 = 32767
# Weights treated at a time: what an operation makes of them on the way stays small, and in the processor's cache.
_CHUNK = 2**20
# The state of a layer while it is written: equal to no state.
_UNKNOWN = object()
_BITS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def ranks(importance: torch.Tensor, scope: str) -> torch.Tensor:
    """Rank of every weight within its scope, ties by position.

    Args:
        importance: (rows, cols).
        scope: "row" compares the weights of one output, "matrix" all of them, an N:M pattern those of a group of M
            that follow each other in a row; columns behind the last whole group get the rank M.

    Returns:
        (rows, cols), int16 where at most 32,767 weights are compared, else int32; int8 for a pattern.
    """
    if scope in pattern.GROUPED:
        return patterns.ranks(importance, scope, _CHUNK)
    flat = importance if scope == "row" else importance.reshape(1, -1)
    height, width = flat.shape
    kind = torch.int16 if width <= _INT16 else torch.int32
    places = torch.arange(width, dtype=kind, device=flat.device)
    found = torch.empty(flat.shape, dtype=kind, device=flat.device)
    # Sorting needs 12 bytes a weight and more, so no more rows than necessary are sorted together.
    rows = max(1, _CHUNK // width)
    for start in range(0, height, rows):
        order = flat[start : start + rows].argsort(dim=1, stable=True)
        found[start : start + rows].scatter_(1, order, places.expand_as(order))
    return found.reshape(importance.shape)


def scope_of(layer: Layer, scope: str) -> str:
    """The comparison scope of `layer`; "paper" is the whole matrix in vision and the row elsewhere; others stay."""
    if scope != "paper":
        return scope
    return "matrix" if layer.modality == "vision" else "row"


def removed_per_row(layer: Layer, kept: int) -> tuple[int, int]:
    """How many weights each row loses when `kept` stay: (count, rows that lose one fewer).

    Rows get floor(kept / rows) and the remainder goes one each to the first rows.
    """
    least, extra = divmod(kept, layer.rows)
    return layer.cols - least, extra


@dataclass(frozen=True, eq=False)
class Ranked:
    """The ranks of one layer and the scope (row, matrix or an N:M pattern) they compare in. Equal to itself alone."""

    ranks: torch.Tensor
    scope: str


@dataclass(frozen=True, eq=False)
class Moved:
    """The weights of one layer, (rows, cols), after a pruner that moves those that stay; of one count alone."""

    weight: torch.Tensor


def rank_model(layers: Mapping[str, Layer], importance: Callable[[str], torch.Tensor], scope: str) -> dict[str, Ranked]:
    """Ranks of every layer: name -> Ranked. `importance` is asked for one layer after another, and none is kept."""
    scopes = {name: scope_of(layer, scope) for name, layer in layers.items()}
    return {name: Ranked(ranks(importance(name), scopes[name]), scopes[name]) for name in layers}


class MaskedModel:
    """The weights of a model, dense on the side, and how many of each layer are kept now.

    Not thread-safe: whoever applies and then runs the model holds a lock over both.
    """

    def __init__(self, layers: tuple[Layer, ...], linears: Mapping[str, nn.Linear]) -> None:
        """Copy the dense weights of `layers`, whose modules are `linears` by name and keep their type of weight."""
        self.layers = {layer.name: layer for layer in layers}
        self.linears = linears
        self.dense = {name: linears[name].weight.detach().clone() for name in self.layers}
        # What each layer is now: weights kept and by which ranks; None is dense.
        self._state: dict[str, tuple[int, Ranked | Moved] | object | None] = dict.fromkeys(self.layers)

    @torch.no_grad()
    def apply(self, kept: Mapping[str, int], ranked: Mapping[str, Ranked | Moved]) -> int:
        """Keep the `kept[name]` most important weights of every layer; layers not named become dense.

        Args:
            kept: weights kept by layer name.
            ranked: ranks by layer name, for every layer that loses weights; or what became of its weights.

        Returns:
            How many layers were rewritten: only those whose state changed.
        """
        changed = 0
        for name, layer in self.layers.items():
            count = kept.get(name, layer.size)
            state = None if count == layer.size else (count, ranked[name])
            if state != self._state[name]:
                # Whatever happens meanwhile, half-written weights are not taken for the old ones.
                self._state[name] = _UNKNOWN
                self._write(layer, count, ranked)
                self._state[name] = state
                changed += 1
        return changed

    def _write(self, layer: Layer, count: int, ranked: Mapping[str, Ranked | Moved]) -> None:
        """Write one layer's weights: the dense ones where they are kept, zero elsewhere."""
        weight, dense = self.linears[layer.name].weight.detach(), self.dense[layer.name]
        if count == layer.size:
            weight.copy_(dense)
            return
        by = ranked[layer.name]
        if isinstance(by, Moved):
            weight.copy_(by.weight)
            return
        if by.scope == "matrix":
            _select(weight, dense, by.ranks, layer.size - count)
            return
        if by.scope in pattern.GROUPED:
            _select(weight, dense, by.ranks, patterns.removed(layer, count, by.scope))
            return
        removed, extra = removed_per_row(layer, count)
        _select(weight[:extra], dense[:extra], by.ranks[:extra], removed - 1)
        _select(weight[extra:], dense[extra:], by.ranks[extra:], removed)

    def restore(self) -> None:
        """Make every layer dense again, bit for bit."""
        self.apply({}, {})


def _select(weight: torch.Tensor, dense: torch.Tensor, ranks: torch.Tensor, removed: int) -> None:
    """Write `dense` into `weight` where the rank is at least `removed`, +0 elsewhere; all (rows, cols)."""
    if weight.device.type != "cpu":
        torch.where(ranks >= removed, dense, dense.new_zeros(()), out=weight)
        return
    # On the CPU `torch.where` decides weight by weight and takes 8 to 30 times as long as a copy. The backward pass of
    # a threshold is the same selection, vectorised; on bit patterns it is exact, whatever the weights are.
    bits = _BITS[dense.element_size()]
    weight, dense = weight.view(bits), dense.view(bits)
    rows = max(1, _CHUNK // weight.shape[1])
    for start in range(0, weight.shape[0], rows):
        part = slice(start, start + rows)
        torch.ops.aten.threshold_backward(dense[part], ranks[part], removed - 1, grad_input=weight[part])


def first_kept(layer: Layer, kept: int, ranked: Ranked) -> int | torch.Tensor:
    """The lowest rank that stays when `kept` weights do: one for the layer, or (rows, 1) where rows are compared."""
    if ranked.scope == "matrix":
        return layer.size - kept
    if ranked.scope in pattern.GROUPED:
        return patterns.removed(layer, kept, ranked.scope)
    removed, extra = removed_per_row(layer, kept)
    # Of the ranks' type: comparing two types would first copy all ranks into the wider one.
    thresholds = torch.full((layer.rows, 1), removed, dtype=ranked.ranks.dtype, device=ranked.ranks.device)
    thresholds[:extra] -= 1
    return thresholds


def keep_mask(layer: Layer, kept: int, ranked: Ranked) -> torch.Tensor:
    """True where a weight stays: (rows, cols) bool with exactly `kept` True. What `MaskedModel.apply` selects by."""
    return ranked.ranks >= first_kept(layer, kept, ranked)
