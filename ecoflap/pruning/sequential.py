"""Calibration as in the paper: block by block, each on what the pruned blocks before it give.

Blocks come in the order in which the model calls them. The norms of a block's inputs are measured while it is dense and
all before it are masked; then it is masked, and what it gives now feeds the next (the loop of Wanda's and of ECoFLaP's
public code). The counts decide the inputs, so these norms are of one allocation alone. The model's own forward stays
in charge, so this holds for every architecture; what the blocks before give is kept, and a pass stops when the block
that it is for has run.
"""

import math
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ecoflap.errors import Cancelled
from ecoflap.masking import MaskedModel, Moved, Ranked, rank_model
from ecoflap.pruning.activations import input_squares
from ecoflap.pruning.prefix import Prefix
from ecoflap.types import Layer

# Told how many passes are done, of how many; returns False to stop.
Progress = Callable[[int, int], bool | None]
Totals = dict[str, torch.Tensor]
Listen = Callable[[Mapping[str, nn.Linear]], AbstractContextManager[Totals]]
Importance = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Solved:
    """What a sequential calibration found, for every layer that loses weights.

    Attributes:
        norms: root of the mean over samples of ||x_j||^2 per input column, by layer: (cols,) float32; of ranks alone.
        ranked: the ranks that follow from them, or what became of the weights, by layer.
    """

    norms: dict[str, torch.Tensor]
    ranked: dict[str, Ranked | Moved]


@dataclass
class Sequential:
    """A model, what to calibrate it on, and how many weights are to stay.

    Attributes:
        masked: the model's weights.
        blocks: its blocks by name, as its layers name them.
        run: runs the model on one batch.
        batches: one sample each: padding would count as input, and the mean is over batches.
        kept: weights that stay, by layer name; a layer not named stays dense.
        importance: (dense weight, input norms) -> importance, both of one layer; None where there are no ranks.
        scope: what ranks compare, as in `masking.rank_model`.
        most_bytes: most memory for kept outputs, all batches together; batches that do not fit run from the beginning
            every time, with the same result.
        hold: a context around every pass in which nobody else changes or runs the model; between passes they may.
        progress: told after every pass.
    """

    masked: MaskedModel
    blocks: Mapping[str, nn.Module]
    run: Callable[[Any], Any]
    batches: Sequence[Any]
    kept: Mapping[str, int]
    importance: Importance | None
    scope: str
    most_bytes: float = math.inf
    hold: Callable[[], AbstractContextManager] = nullcontext
    progress: Progress | None = None

    @torch.no_grad()
    def solve(self) -> Solved:
        """Measure, rank and mask block after block; the model is dense afterwards, also after an error.

        Raises:
            Cancelled: `progress` said so.
        """
        layers = self.masked.layers
        pruned = {name: layer for name, layer in layers.items() if self.kept.get(name, layer.size) < layer.size}
        todo = {layer.block for layer in pruned.values()}
        self._solved, self._final = Solved({}, {}), set(self.blocks) - todo
        self._done, self._total = 0, len(self.batches) * (1 + len(todo))
        try:
            prefixes = [self._prefix(batch) for batch in self.batches]
            for block in self._order(prefixes, todo):
                members = {name: layer for name, layer in pruned.items() if layer.block == block}
                self._solve_block(block, members, prefixes)
        finally:
            with self.hold():
                self.masked.restore()
        return self._solved

    def _prefix(self, batch: Any) -> Prefix:
        """The passes of one batch."""
        with self.hold():
            self.masked.restore()
            prefix = Prefix(self.blocks, lambda: self.run(batch))
        self._tell()
        return prefix

    def _order(self, prefixes: Sequence[Prefix], todo: Set[str]) -> list[str]:
        """`todo` in the order of first calls, as the batch with most blocks has it; what no batch calls comes last."""
        longest = sorted(prefixes, key=lambda prefix: -len(prefix.order))
        called = [name for prefix in longest for name in prefix.order]
        return [name for name in dict.fromkeys([*called, *self.blocks]) if name in todo]

    def _solve_block(self, block: str, members: Mapping[str, Layer], prefixes: Sequence[Prefix]) -> None:
        """Norms and ranks of the layers `members` of one block, which counts as masked from now on."""
        sums = self._sums(block, list(members), prefixes, input_squares)
        norms = {name: (total / len(prefixes)).sqrt().float() for name, total in sums.items()}
        dense = self.masked.dense
        norms = {name: norm.to(dense[name].device) for name, norm in norms.items()}
        self._solved.norms.update(norms)
        self._solved.ranked.update(
            rank_model(members, lambda name: self.importance(dense[name], norms[name]), self.scope)
        )
        self._final.add(block)

    def _sums(self, block: str, names: Sequence[str], prefixes: Sequence[Prefix], listen: Listen) -> Totals:
        """What `listen` sums over the inputs of the layers `names` of `block`, which is dense, in every pass."""
        linears = {name: self.masked.linears[name] for name in names}
        totals = dict.fromkeys(names, 0.0)
        for prefix in prefixes:
            with self.hold():
                # Whoever had the model since the last pass left it in a state of their own.
                self._mask()
                with listen(linears) as sums:
                    prefix.run_to(block, self._final)
            totals = {name: total + sums[name] for name, total in totals.items()}
            if sum(each.bytes for each in prefixes) > self.most_bytes:
                prefix.give_up()
            self._tell()
        return totals

    def _mask(self) -> None:
        """Mask what is solved so far; everything else is dense."""
        self.masked.apply({name: self.kept[name] for name in self._solved.ranked}, self._solved.ranked)

    def _tell(self) -> None:
        """Report one more pass; raise where the answer is to stop."""
        self._done += 1
        if self.progress is not None and self.progress(self._done, self._total) is False:
            raise Cancelled
