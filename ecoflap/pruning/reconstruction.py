"""SparseGPT over a model: every layer solved from the products of its inputs, block by block.

Either on the dense model's inputs, or, as in the paper, on those that the pruned blocks before give.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from ecoflap.masking import Moved, keep_mask, rank_model
from ecoflap.pruning import wanda
from ecoflap.pruning.activations import input_products
from ecoflap.pruning.prefix import Prefix
from ecoflap.pruning.sequential import Sequential, Solved
from ecoflap.pruning.sparsegpt import output_error, solve
from ecoflap.types import Layer


def pruned(layer: Layer, dense: torch.Tensor, products: torch.Tensor, kept: int, scope: str) -> torch.Tensor:
    """What becomes of a layer's weights, (rows, cols).

    SparseGPT's solution, or Wanda's mask where that changes the layer's output less: inputs with few directions, as the
    same queries for every sample have, leave a greedy choice of columns little to make up with at high sparsity.
    """
    solved = solve(dense, products, kept, scope).weight
    importance = wanda.importance(dense, products.diagonal().sqrt())
    ranked = rank_model({layer.name: layer}, lambda name: importance, scope)[layer.name]
    masked = dense * keep_mask(layer, kept, ranked)
    return min((solved, masked), key=lambda weight: output_error(dense - weight, products))


@dataclass
class Reconstruction(Sequential):
    """As `Sequential`, with what becomes of the weights in place of ranks; `importance` does not matter.

    One block's products are held at a time: cols^2 numbers for each of its matrices.

    Attributes:
        on_dense: whether every block is solved on what the dense blocks before it give.
    """

    on_dense: bool = False

    def solve(self) -> Solved:
        """See `Sequential.solve`."""
        found = super().solve()
        return Solved({}, found.ranked)

    def _solve_block(self, block: str, members: Mapping[str, Layer], prefixes: Sequence[Prefix]) -> None:
        """What becomes of the layers `members` of one block."""
        products = self._sums(block, list(members), prefixes, input_products)
        for name in members:
            weight = pruned(members[name], self.masked.dense[name], products.pop(name), self.kept[name], self.scope)
            self._solved.ranked[name] = Moved(weight)
        self._final.add(block)

    def _mask(self) -> None:
        if self.on_dense:
            self.masked.restore()
            self._final = set(self.blocks)  # nothing changes any more from pass to pass
        else:
            super()._mask()
