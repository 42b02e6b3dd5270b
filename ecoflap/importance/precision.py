"""Computing in float32 what a half-precision model cannot resolve, and giving every bit back."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ecoflap.replay import stand_ins


@contextmanager
def in_float32(module: nn.Module, blocks: Iterable[nn.Module]) -> Iterator[None]:
    """Passes inside the context compute in float32; the weights are the old tensors again afterwards.

    In bfloat16 neither a weight nor the loss resolves a step of 1e-3. What lies outside the blocks is float32
    meanwhile, a block only while it runs: the extra memory is that of the embeddings, the norms and one block in
    float32. A parameter that already is float32 (the one matrix that is moved) stays as it is. For passes without
    gradients: a backward pass would find weights of the old type.
    """
    inside = list(blocks)
    owned = {id(tensor) for block in inside for tensor in _half(block)}
    with _widened([tensor for tensor in _half(module) if id(tensor) not in owned]):
        narrow = {number: block for number, block in enumerate(inside) if any(True for _ in _half(block))}
        with stand_ins(narrow, lambda number, forward: _wide_forward(narrow[number], forward)):
            yield


def _half(module: nn.Module) -> Iterator[torch.Tensor]:
    """Floating-point parameters and buffers narrower than float32."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point() and tensor.dtype.itemsize < 4:
            yield tensor


@contextmanager
def _widened(tensors: list[torch.Tensor]) -> Iterator[None]:
    """The tensors hold float32 values inside the context and their old storage afterwards."""
    narrow = [tensor.data for tensor in tensors]
    try:
        for tensor in tensors:
            tensor.data = tensor.data.float()
        yield
    finally:
        for tensor, data in zip(tensors, narrow):
            tensor.data = data


def _wide_forward(block: nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
    """The block's forward with its weights in float32 while it runs."""

    def wide(*inputs: Any, **named: Any) -> Any:
        with _widened(list(_half(block))):
            return forward(*inputs, **named)

    return wide


@contextmanager
def movable(linear: nn.Linear) -> Iterator[torch.Tensor]:
    """Give `linear` a copy of its weight, in float32 at least, to move about; its own weight is put back afterwards.

    Yields:
        The weight that the layer uses meanwhile, (rows, cols), to be written in place.
    """
    dense = linear.weight
    moved = dense.detach().to(torch.promote_types(dense.dtype, torch.float32), copy=True)
    linear.weight = nn.Parameter(moved, requires_grad=False)
    try:
        yield moved
    finally:
        linear.weight = dense
