"""SparseGPT over a model: every layer solved from the products of its inputs, block by block.

Either on the dense model's inputs, or, as in the paper, on those that the pruned blocks before give.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ecoflap.masking import Moved
from ecoflap.pruning.activations import input_products
from ecoflap.pruning.prefix import Prefix
from ecoflap.pruning.sequential import Sequential, Solved
from ecoflap.pruning.sparsegpt import solve
from ecoflap.types import Layer


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
            found = solve(self.masked.dense[name], products.pop(name), self.kept[name], self.scope)
            self._solved.ranked[name] = Moved(found.weight)
        self._final.add(block)

    def _mask(self) -> None:
        if self.on_dense:
            self.masked.restore()
            self._final = set(self.blocks)  # nothing changes any more from pass to pass
        else:
            super()._mask()
