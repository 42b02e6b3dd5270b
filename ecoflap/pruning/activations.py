"""Calibration of local criteria: the norms of every layer's inputs, measured on the dense model in one pass."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def input_squares(linears: Mapping[str, nn.Linear]) -> Iterator[dict[str, torch.Tensor]]:
    """Sum every layer's squared inputs per column while the context is open; hooks are gone afterwards.

    Yields:
        name -> (cols,) float64 sums over all tokens seen, filled as the model runs.
    """
    sums = {
        name: torch.zeros(m.in_features, dtype=torch.float64, device=_place(m.weight)) for name, m in linears.items()
    }

    def add(name: str, tokens: torch.Tensor) -> None:
        # Of a model on several devices the inputs may come from another one.
        sums[name] += tokens.float().square().sum(0).to(sums[name].device).double()

    with _listening(linears, add):
        yield sums


@contextmanager
def input_products(linears: Mapping[str, nn.Linear]) -> Iterator[dict[str, torch.Tensor]]:
    """Sum the products x x' of every layer's inputs while the context is open; hooks are gone afterwards.

    Yields:
        name -> (cols, cols) float32 sums over all tokens seen, filled as the model runs.
    """
    sums = {name: torch.zeros(m.in_features, m.in_features, device=m.weight.device) for name, m in linears.items()}

    def add(name: str, tokens: torch.Tensor) -> None:
        wide = tokens.float()
        sums[name] += (wide.T @ wide).to(sums[name].device)

    with _listening(linears, add):
        yield sums


@contextmanager
def _listening(linears: Mapping[str, nn.Linear], add: Callable[[str, torch.Tensor], None]) -> Iterator[None]:
    """Call `add` with a layer's name and its inputs, (tokens, cols), whenever one runs inside the context."""

    def hook_for(name: str) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        return lambda module, inputs: add(name, inputs[0].detach().reshape(-1, inputs[0].shape[-1]))

    handles = [module.register_forward_pre_hook(hook_for(name)) for name, module in linears.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def input_norms(
    linears: Mapping[str, nn.Linear], run: Callable[[object], object], batches: Iterable[object], samples: int
) -> dict[str, torch.Tensor]:
    """Root of the mean over samples of ||x_j||^2 for every input column of every layer.

    Args:
        linears: layers by name.
        run: runs the model on one batch. A batch without padding: padding would count as input.
        batches: the batches, one after another.
        samples: how many samples they hold together.

    Returns:
        name -> (cols,) float32.
    """
    with input_squares(linears) as sums:
        for batch in batches:
            run(batch)
    return {name: (total / samples).sqrt().float().to(linears[name].weight.device) for name, total in sums.items()}


def _place(weight: torch.Tensor) -> torch.device:
    """Where sums are kept: beside the weight; Apple's GPUs have no float64."""
    return torch.device("cpu") if weight.device.type == "mps" else weight.device
