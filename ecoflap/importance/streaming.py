"""Sums over gradients that never exist together: each weight's is reduced the moment it exists, and freed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from ecoflap.replay import stand_ins

# Weights that are reduced at a time: the working copy takes 4 MB.
CHUNK = 2**20
Reduce = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class _TooLarge(Exception):
    """A forward pass keeps more than it may."""


def gradient_sums(
    weights: Sequence[nn.Parameter],
    blocks: Iterable[nn.Module],
    loss: Callable[[], torch.Tensor],
    most_bytes: float,
) -> list[list[float]]:
    """[sum |g|, sum |W| |g|, sum W^2 g^2] of every weight matrix W with gradient g; zeros where the loss has no g.

    A forward pass whose activations for the backward pass exceed `most_bytes`, or the GPU's memory, is given up and
    repeated with the activations of one block at a time (gradient checkpointing), at the cost of one more forward.

    Args:
        weights: (rows, cols) each; all else in the model is left without gradients.
        blocks: the modules that are recomputed where memory is short.
        loss: runs the model and gives a scalar.
        most_bytes: most memory for activations.
    """
    with suppress(_TooLarge, torch.OutOfMemoryError):
        return _sums(weights, loss, _keeping_at_most(most_bytes))
    with recomputed(blocks):
        return _sums(weights, loss, nullcontext())


def _sums(
    weights: Sequence[nn.Parameter], loss: Callable[[], torch.Tensor], around: AbstractContextManager
) -> list[list[float]]:
    """One forward, within `around`, and one streamed backward."""
    with torch.enable_grad(), streamed(weights, reduced) as found:
        with around:
            value = loss()
        if value.requires_grad:
            torch.autograd.backward(value, inputs=list(weights))
    nothing = torch.zeros(1, 3)
    return [found.get(id(weight), nothing).cpu().double().sum(0).tolist() for weight in weights]


@contextmanager
def streamed(weights: Iterable[nn.Parameter], reduce: Reduce) -> Iterator[dict[int, torch.Tensor]]:
    """In a backward pass inside the context every gradient is reduced as soon as it is whole, and freed.

    A weight that the model uses several times is reduced once, with the total. Afterwards hooks are gone, and every
    weight has its own `requires_grad` and `grad` again.

    Args:
        weights: leaves; they require gradients inside the context. One that is named twice counts once.
        reduce: weight, gradient -> what is kept of the gradient.

    Yields:
        id of a weight -> what is kept, as far as the backward pass got.
    """
    found: dict[int, torch.Tensor] = {}

    def take(weight: torch.Tensor) -> None:
        gradient, weight.grad = weight.grad, None
        found[id(weight)] = reduce(weight.detach(), gradient)

    own = {id(weight): weight for weight in weights}.values()
    before = [(weight, weight.requires_grad, weight.grad) for weight in own]
    hooks = []
    try:
        for weight in own:
            weight.grad = None
            weight.requires_grad_(True)
            hooks.append(weight.register_post_accumulate_grad_hook(take))
        yield found
    finally:
        for hook in hooks:
            hook.remove()
        for weight, required, gradient in before:
            weight.requires_grad_(required)
            weight.grad = gradient


@torch.no_grad()
def reduced(weight: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """[sum |g|, sum |W| |g|, sum W^2 g^2] of parts of a matrix, (parts, 3) float32, to be summed in float64.

    Args:
        weight: (rows, cols), any floating type.
        gradient: (rows, cols), any floating type.
    """
    rows = max(1, CHUNK // weight.shape[1])
    sums = []
    for w, g in zip(weight.split(rows), gradient.split(rows)):
        size = g.to(torch.float32, copy=True).abs_()
        total = size.sum()
        size.mul_(w).abs_()
        sums.append(torch.stack((total, size.sum(), size.square_().sum())))
    return torch.stack(sums)


@contextmanager
def _keeping_at_most(most_bytes: float) -> Iterator[None]:
    """A forward pass inside the context ends with _TooLarge once it keeps more activations than `most_bytes`.

    Weights count nothing: they are there anyway.
    """
    kept: set[int] = set()
    total = 0

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal total
        owner = tensor if tensor._base is None else tensor._base
        storage = tensor.untyped_storage()
        if not isinstance(owner, nn.Parameter) and storage.data_ptr() not in kept:
            kept.add(storage.data_ptr())
            total += storage.nbytes()
            if total > most_bytes:
                raise _TooLarge
        # The tensor itself would hold the graph that holds it.
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield


@contextmanager
def recomputed(blocks: Iterable[nn.Module]) -> Iterator[None]:
    """Backward passes of forwards made inside the context run each block again instead of keeping its activations.

    Blocks have their own forwards again afterwards.
    """
    with stand_ins(dict(enumerate(blocks)), lambda _, forward: partial(_checkpointed, forward)):
        yield


def _checkpointed(forward: Callable[..., Any], *inputs: Any, **named: Any) -> Any:
    """A block's forward, without the cache of keys and values: that serves generation, and would grow again."""
    fresh = [None if hasattr(value, "get_seq_length") else value for value in inputs]
    kept = {name: None if hasattr(value, "get_seq_length") else value for name, value in named.items()}
    return checkpoint(forward, *fresh, use_reentrant=False, **kept)
