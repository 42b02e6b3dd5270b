"""Which matrices a model's loss depends on, found by running it once instead of by their names.

Checkpoints carry layers that no pass runs (SigLIP's head), and passes run layers whose output nothing reads (LLaVA
takes the last but one layer of its vision tower). Pruning them changes nothing, so they would only make an achieved
sparsity look better than it is. What counts is how the model is wired and not what its weights happen to be: a layer
behind a gate that is closed stays, and so does one of whose output only a part is read (InstructBLIP drops the question
behind its last Q-Former layer).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from ecoflap.models.dense import dense_parts
from ecoflap.models.discovery import Found

Loss = Callable[[], torch.Tensor]


def narrowed(found: Found, model: nn.Module, loss: Loss) -> Found:
    """`found` without the matrices that the loss does not depend on; they are named as unused and count as dense.

    Left out as well, and named as uncalled, are those whose weights a pass takes without calling them (`F.linear` with
    `x.weight`, torch's own attention): the loss depends on them, but their inputs cannot be measured.

    A block whose own forward never runs could not be replayed from: its matrices are then blocks of their own.

    Args:
        found: the matrices of `model`.
        model: to be run.
        loss: runs `model` on a sample and gives a scalar; called once or twice.
    """
    blocks = {layer.block: model.get_submodule(layer.block) for layer in found.layers}
    called, read, value = _recorded(found.linears, blocks, loss)
    idle = _idle(found, called)
    unread = (called & found.linears.keys()) - read
    # The model may have cut the graph: then other outputs change the loss.
    if unread and not _changes(model, unread, loss, value):
        idle |= unread
    layers = [layer for layer in found.layers if layer.name not in idle]
    layers = [layer if layer.block in called else replace(layer, block=layer.name) for layer in layers]
    linears = {layer.name: found.linears[layer.name] for layer in layers}
    left = {
        layer.name: "uncalled" if layer.name in read - called else "unused"
        for layer in found.layers
        if layer.name in idle
    }
    unused, uncalled = (tuple(name for name in left if left[name] == kind) for kind in ("unused", "uncalled"))
    dense = dense_parts(model, linears, left)
    return replace(found, layers=tuple(layers), linears=linears, dense=dense, unused=unused, uncalled=uncalled)


def _recorded(
    linears: Mapping[str, nn.Linear], blocks: Mapping[str, nn.Module], loss: Loss
) -> tuple[set[str], set[str], torch.Tensor]:
    """(names of what ran, names of the matrices that the graph of the loss leads to, the loss) of one pass.

    A matrix that runs where the model keeps no graph, or whose type has no gradients, counts as read. The graph keeps
    no activations, so the pass needs little more memory than any other.
    """
    called: set[str] = set()
    read: set[str] = set()

    def note(name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        called.add(name)
        if name in linears and not (torch.is_grad_enabled() and module.weight.requires_grad):
            read.add(name)

    hooks = [(module, partial(note, name)) for name, module in {**blocks, **linears}.items()]
    with _hooked(hooks), _with_gradients([linear.weight for linear in linears.values()]), torch.enable_grad():
        with saved_tensors_hooks(lambda tensor: None, lambda nothing: nothing):
            value = loss()
        leaves = set(_leaves(value))
    read |= {name for name, linear in linears.items() if id(linear.weight) in leaves}
    return called, read, value.detach()


@contextmanager
def _hooked(hooks: list[tuple[nn.Module, Callable[..., Any]]]) -> Iterator[None]:
    """Forward hooks inside the context."""
    handles = [module.register_forward_hook(hook) for module, hook in hooks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _with_gradients(weights: list[nn.Parameter]) -> Iterator[None]:
    """The weights of a floating type require gradients inside the context."""
    frozen = [weight for weight in weights if weight.is_floating_point() and not weight.requires_grad]
    try:
        for weight in frozen:
            weight.requires_grad_(True)
        yield
    finally:
        for weight in frozen:
            weight.requires_grad_(False)


def _leaves(value: torch.Tensor) -> Iterator[int]:
    """Ids of the parameters that the graph of `value` leads to."""
    seen: set[Any] = set()
    waiting = [value.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            yield id(node.variable)
        waiting.extend(other for other, _ in node.next_functions)


def _idle(found: Found, called: set[str]) -> set[str]:
    """Matrices that did not run; an expert that merely was not chosen is none of them."""
    run = {_numbered(layer.name) for layer in found.layers if layer.name in called}
    return {
        layer.name
        for layer in found.layers
        if layer.name not in called and not ("expert" in layer.name and _numbered(layer.name) in run)
    }


def _numbered(name: str) -> str:
    """A name without the expert's number: alike for all experts of a block."""
    return re.sub(r"(experts?)\.\d+", r"\1.*", name)


@torch.no_grad()
def _changes(model: nn.Module, names: set[str], loss: Loss, value: torch.Tensor) -> bool:
    """Whether the loss is another one when the named matrices give other outputs."""

    def moved(module: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        # Adding alone would leave attention as it is where only its keys move.
        return output * 2 + 1

    with _hooked([(model.get_submodule(name), moved) for name in names]):
        return bool(loss() != value)
