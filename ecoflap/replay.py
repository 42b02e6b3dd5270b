"""Forward passes that start at the block that changed: what comes before it is already known.

A change inside block b leaves the outputs of every block that ran before it as they were. They are kept from one
unperturbed pass; later passes return them instead of running those blocks. The model's own forward stays in charge, so
this holds for every architecture: encoder-decoder, a position bias handed from block to block, tuples, keywords.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import nn

Result = TypeVar("Result")


class Replay(Generic[Result]):
    """A context in which `run` can be repeated from any block on.

    Memory: the outputs of all blocks for one batch, `bytes` of them, until the context ends. The blocks' own forwards
    are back when it ends, also after an error. Outputs must not be changed in place by what reads them.
    """

    def __init__(self, blocks: Mapping[str, nn.Module], run: Callable[[], Result]) -> None:
        """Keep the outputs of `blocks` (name -> module) in `run`, which runs the model on one batch."""
        self._blocks, self._run = blocks, run
        self._outputs: dict[str, list[Any]] = {}
        # Places of each block's first and last call in the order of all calls.
        self._first: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._skipped: frozenset[str] = frozenset()
        self._calls: dict[str, int] = {}
        self._recording = False
        self._saved: dict[str, Any] = {}

    def __enter__(self) -> "Replay[Result]":
        for name, module in self._blocks.items():
            self._saved[name] = module.__dict__.get("forward")
            module.forward = self._forward_of(name, module.forward)
        try:
            self._record()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        for name, module in self._blocks.items():
            if self._saved[name] is None:
                del module.forward
            else:
                module.forward = self._saved[name]
        self._outputs.clear()

    def _record(self) -> None:
        """One whole pass that keeps every block's outputs."""
        self._recording = True
        self.result = self._run()
        self._recording = False

    def _forward_of(self, name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        """The forward that stands in for block `name`."""

        def stand_in(*inputs: Any, **named: Any) -> Any:
            if self._recording:
                output = forward(*inputs, **named)
                place = sum(map(len, self._outputs.values()))
                self._outputs.setdefault(name, []).append(output)
                self._first.setdefault(name, place)
                self._last[name] = place
                return output
            if name in self._skipped:
                call = self._calls[name]
                self._calls[name] = call + 1
                return self._outputs[name][call]
            return forward(*inputs, **named)

        return stand_in

    def start(self, name: str) -> Result:
        """Run again; every block whose last call came before the first one of `name` returns what it returned then.

        A block that the pass never called changes nothing: the known result comes back at once. Of a name that is no
        block nothing is known: the whole model runs.
        """
        if name in self._blocks and name not in self._first:
            return self.result
        begin = self._first.get(name, 0)
        self._skipped = frozenset(other for other, last in self._last.items() if last < begin)
        self._calls = dict.fromkeys(self._skipped, 0)
        return self._run()

    @property
    def bytes(self) -> int:
        """Memory of the kept outputs, shared tensors counted once."""
        kept = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in _tensors(self._outputs.values())}
        return sum(kept.values())


def _tensors(value: Any) -> Iterable[torch.Tensor]:
    """Every tensor in nested containers."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from _tensors(value.values())
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for part in value:
            yield from _tensors(part)
