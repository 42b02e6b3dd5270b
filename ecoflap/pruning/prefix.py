"""Forward passes up to one block, for a model whose blocks change one after another, first to last.

Once a block and all before it have changed, its output on a batch is known for good: it is kept, and later passes
return it instead of running the block. The model's own forward stays in charge, and stops when the block asked for has
run.
"""

from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from typing import Any

from torch import nn

from ecoflap.replay import Forward, stand_ins, storages


class _Known(Exception):
    """Ends a pass: the block that it was for has run. Never leaves this module."""


class Prefix:
    """One batch's passes, each up to one block; blocks that are settled do not run again.

    Outputs must not be changed in place by what reads them.

    Attributes:
        order: the blocks that the model calls on this batch, in the order of their first calls.
        bytes: memory of the kept outputs, shared tensors counted once.
    """

    def __init__(self, blocks: Mapping[str, nn.Module], run: Callable[[], Any]) -> None:
        """Run the model once by `run`, as it is, to learn which of `blocks` (name -> module) it calls and when."""
        self._blocks, self._run = blocks, run
        self._calls: list[str] = []
        self._outputs: dict[str, list[Any]] = {}
        self._storages: dict[int, int] = {}
        self._keeps, self.bytes = True, 0
        with stand_ins(blocks, self._listed):
            run()
        self.order = list(dict.fromkeys(self._calls))

    def give_up(self) -> None:
        """Keep nothing from now on: every pass starts at the beginning, and does the same."""
        self._keeps, self.bytes = False, 0
        self._outputs.clear()
        self._storages.clear()

    def run_to(self, name: str, final: Set[str]) -> None:
        """Run until block `name` has been called for the last time; not at all where the model does not call it.

        Args:
            name: of the block.
            final: blocks whose weights are now what they will be in every later pass.
        """
        if name not in self._calls:
            return
        first = self._calls.index(name)
        before = set(self._calls[:first])
        # Of a block that is called again later, or that has one before it that still changes, nothing can be kept.
        settled = before - set(self._calls[first:]) if self._keeps and before <= final else set()
        made: dict[str, list[Any]] = {other: [] for other in settled - self._outputs.keys()}

        def make(other: str, forward: Forward) -> Forward | None:
            if other == name:
                return _stopping(forward, self._calls.count(name))
            if other in made:
                return _keeping(forward, made[other])
            return _giving(self._outputs[other]) if other in settled else None

        with stand_ins(self._blocks, make), suppress(_Known):
            self._run()
        self._outputs |= made
        self._storages |= storages(made)
        self.bytes = sum(self._storages.values())

    def _listed(self, name: str, forward: Forward) -> Forward:
        """A forward that notes each call of block `name`."""

        def listed(*inputs: Any, **named: Any) -> Any:
            self._calls.append(name)
            return forward(*inputs, **named)

        return listed


def _stopping(forward: Forward, calls: int) -> Forward:
    """A forward that ends the pass after `calls` calls."""
    left = iter(range(calls - 1, -1, -1))

    def stopping(*inputs: Any, **named: Any) -> Any:
        output = forward(*inputs, **named)
        if next(left) == 0:
            raise _Known
        return output

    return stopping


def _keeping(forward: Forward, outputs: list[Any]) -> Forward:
    """A forward that adds what it returns to `outputs`."""

    def keeping(*inputs: Any, **named: Any) -> Any:
        outputs.append(forward(*inputs, **named))
        return outputs[-1]

    return keeping


def _giving(outputs: list[Any]) -> Forward:
    """A forward that returns `outputs`, call by call."""
    left = iter(outputs)
    return lambda *inputs, **named: next(left)
