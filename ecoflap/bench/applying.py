"""How fast a sparsity is applied: against a plain copy of the weights, and against sorting as Wanda's code does."""

from collections.abc import Mapping, Sequence
from statistics import median

import torch
from torch import nn

from ecoflap.bench.timing import over, seconds
from ecoflap.masking import MaskedModel, rank_model
from ecoflap.pruning import wanda
from ecoflap.types import Layer

# Matrices of BLIP-2's FlanT5-XL, 100 MB in float32: no processor's cache holds weights, dense weights and ranks.
SHAPES = ((2048, 5120), (5120, 2048), (2048, 2048))
QUICK = ((2048, 2048), (2048, 2048))


def applying(quick: bool = False) -> dict[str, float]:
    """Ratios and times of one run on float32 weights ranked by row.

    Returns:
        apply_over_copy: applying 50% sparsity to every matrix, over copying their dense weights; median quotient.
        apply_speedup_over_sort: the fastest sort-and-scatter to 50% of the same matrices, over the median apply.
        apply_step_ms: a step from 60% to 61% in milliseconds, every matrix changes; median.
        apply_step_over_copy: the same step over the copy beside it; median quotient.
    """
    return measure(QUICK, 25, 1) if quick else measure(SHAPES, 25, 2)


def measure(shapes: Sequence[tuple[int, int]], repetitions: int, sorts: int) -> dict[str, float]:
    """What `applying` returns, on matrices of `shapes` (rows, cols), copies and applications taking turns."""
    masked, norms = model(shapes)
    ranked = rank_model(masked.layers, lambda name: wanda.importance(masked.dense[name], norms[name]), "row")
    half, before, after = (kept(masked.layers, sparsity) for sparsity in (0.5, 0.6, 0.61))
    copies, applies, steps = [], [], []
    for _ in range(repetitions + 1):
        copies.append(seconds(lambda: copy(masked)))
        applies.append(seconds(lambda: masked.apply(half, ranked)))
        masked.apply(before, ranked)
        steps.append(seconds(lambda: masked.apply(after, ranked)))
    # The first round touches memory for the first time.
    del copies[0], applies[0], steps[0]
    sorted_in = min(seconds(lambda: sort_and_scatter(masked, norms, 0.5)) for _ in range(sorts))
    return {
        "apply_over_copy": over(applies, copies),
        "apply_speedup_over_sort": sorted_in / median(applies),
        "apply_step_ms": 1000 * median(steps),
        "apply_step_over_copy": over(steps, copies),
    }


def model(shapes: Sequence[tuple[int, int]]) -> tuple[MaskedModel, dict[str, torch.Tensor]]:
    """Random float32 matrices and input norms, name -> (cols,), always the same."""
    generator = torch.Generator().manual_seed(0)
    layers = tuple(Layer(f"matrix{i}", "block", "language", *shape) for i, shape in enumerate(shapes))
    linears = {layer.name: nn.Linear(layer.cols, layer.rows, bias=False) for layer in layers}
    for linear in linears.values():
        nn.init.normal_(linear.weight, std=0.02, generator=generator)
    norms = {layer.name: torch.rand(layer.cols, generator=generator) for layer in layers}
    return MaskedModel(layers, linears), norms


def kept(layers: Mapping[str, Layer], sparsity: float) -> dict[str, int]:
    """Weights that each layer keeps when every row loses int(cols * sparsity)."""
    return {name: layer.rows * (layer.cols - int(layer.cols * sparsity)) for name, layer in layers.items()}


@torch.no_grad()
def copy(masked: MaskedModel) -> None:
    """Copy the dense weights into the model, the least that any change of all weights takes."""
    for name, dense in masked.dense.items():
        masked.linears[name].weight.copy_(dense)


@torch.no_grad()
def sort_and_scatter(masked: MaskedModel, norms: Mapping[str, torch.Tensor], sparsity: float) -> None:
    """Prune as implementations of Wanda do (github.com/locuslab/wanda, lib/prune.py), from the dense weights."""
    for name, dense in masked.dense.items():
        metric = dense.abs() * norms[name]
        order = torch.sort(metric, dim=-1, stable=True).indices[:, : int(dense.shape[1] * sparsity)]
        mask = torch.zeros_like(metric, dtype=torch.bool).scatter_(1, order, True)
        weight = masked.linears[name].weight
        weight.copy_(dense)
        weight[mask] = 0
