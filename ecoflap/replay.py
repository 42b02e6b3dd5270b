"""Forward passes that start at the block that changed: what comes before it is already known.

A change inside block b leaves the outputs of every block that ran before it as they were. They are kept from one
unperturbed pass; later passes return them instead of running those blocks. The model's own forward stays in charge, so
this holds for every architecture: encoder-decoder, a position bias handed from block to block, tuples, keywords.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import torch
from torch import nn

Result = TypeVar("Result")
Name = TypeVar("Name")
Forward = Callable[..., Any]


class Replay(Generic[Result]):
    """One batch's passes, repeated from any block on.

    Making one runs the model, as it is then, and keeps the outputs of all blocks: `bytes` of them, at most
    `most_bytes`. A batch that needs more keeps nothing, and every pass is a whole one (`fits` is then False). Blocks
    have their own forwards again after each pass, so others can use the model between passes. Outputs must not be
    changed in place by what reads them, and at each start the weights must be as they were but for those of the block
    that is named.

    Attributes:
        result: what the first pass gave.
        fits: whether the outputs are kept.
    """

    def __init__(
        self, blocks: Mapping[str, nn.Module], run: Callable[[], Result], most_bytes: float = math.inf
    ) -> None:
        """Run the model on one batch by `run`, to repeat it from any of `blocks` (name -> module)."""
        self._blocks, self._run, self._most = blocks, run, most_bytes
        self._outputs: dict[str, list[Any]] = {}
        # Places of each block's first and last call in the order of all calls.
        self._first: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._calls = 0
        self._storages: dict[int, int] = {}
        self.fits = True
        with stand_ins(self._blocks, self._recorder):
            self.result = run()

    @property
    def bytes(self) -> int:
        """Memory of the kept outputs, shared tensors counted once."""
        return sum(self._storages.values())

    def start(self, name: str) -> Result:
        """Run again; every block whose last call came before the first one of `name` returns what it returned then.

        A block that the pass never called changes nothing: the known result comes back at once. Of a name that is no
        block nothing is known: the whole model runs.
        """
        if name in self._blocks and name not in self._first:
            return self.result
        begin = self._first.get(name, 0)
        skipped = {other for other, last in self._last.items() if last < begin} if self.fits else set()
        with stand_ins(self._blocks, lambda other, _: self._player(other) if other in skipped else None):
            return self._run()

    def _recorder(self, name: str, forward: Forward) -> Forward:
        """A forward that keeps what block `name` returns."""

        def record(*inputs: Any, **named: Any) -> Any:
            output = forward(*inputs, **named)
            self._first.setdefault(name, self._calls)
            self._last[name] = self._calls
            self._calls += 1
            if self.fits:
                self._keep(name, output)
            return output

        return record

    def _keep(self, name: str, output: Any) -> None:
        """Keep one output, or give all up when together they are too many."""
        self._outputs.setdefault(name, []).append(output)
        self._storages |= storages(output)
        if self.bytes > self._most:
            self.fits = False
            self._outputs.clear()
            self._storages.clear()

    def _player(self, name: str) -> Forward:
        """A forward that returns what block `name` returned, call by call."""
        outputs = iter(self._outputs[name])
        return lambda *inputs, **named: next(outputs)


@contextmanager
def stand_ins(blocks: Mapping[Name, nn.Module], make: Callable[[Name, Forward], Forward | None]) -> Iterator[None]:
    """Blocks for which `make`, told name and forward, gives another one have it inside the context, then their own."""
    replaced = []
    try:
        for name, module in blocks.items():
            other = make(name, module.forward)
            if other is not None:
                replaced.append((module, module.__dict__.get("forward")))
                module.forward = other
        yield
    finally:
        for module, own in reversed(replaced):
            if own is None:
                del module.forward
            else:
                module.forward = own


def storages(value: Any) -> dict[int, int]:
    """Memory of the tensors in nested containers: address -> bytes, so that shared memory is there once."""
    found = (tensor.untyped_storage() for tensor in _tensors(value))
    return {storage.data_ptr(): storage.nbytes() for storage in found}


def _tensors(value: Any) -> Iterable[torch.Tensor]:
    """Every tensor in nested containers."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from _tensors(value.values())
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for part in value:
            yield from _tensors(part)
