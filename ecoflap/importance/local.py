"""What a layer's own weights and inputs say, without any loss: the score of the paper's ablation, and what peers need.

The score is the sum of |W_ij| ||x_j|| over the matrix, Wanda's criterion, which ECoFLaP compares its global scores with
(arXiv 2310.02998, section 5). Stats, by the peers' names for them (see `ecoflap.allocation`):

    local       the score
    outliers    share of weights whose |W| ||x|| is above 5 times its mean over the block (OWL)
    median      of |W| ||x|| over the block, the same in all of its layers (DLP)
    alpha       exponent of the upper half of the spectrum of W'W, by Hill's estimate (AlphaPruning)
    diversity   1 - mean cosine similarity between the block's output tokens, the same in all of its layers (TAMP)
    magnitudes  quantiles of |W| at QUANTILES even shares, from the least to the largest (global magnitude, MULTIFLOW)
    lamp        quantiles of W^2 over the sum of all squares in the matrix that are not smaller (LAMP)
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from ecoflap.importance.task import Method, Task, Unit, Values, by_block, key
from ecoflap.pruning import wanda
from ecoflap.types import Layer

# Times the mean from which a weight is an outlier (OWL's M).
OUTLIER = 5.0
QUANTILES = 65
# Where all eigenvalues are the same there is no tail, and its exponent has no bound.
MOST_ALPHA = 1e3
_SINGLE = ("local", "outliers", "median", "alpha")


def units(task: Task, values: Values) -> list[Unit]:
    """One unit per batch for the tokens' diversity, then one per block for all that its weights say.

    What a block's weights say is no forward, and takes about as long as one.
    """
    whole = float(len(task.blocks))
    passes = [Unit(_place(number), partial(_diversities, task, number), whole) for number in range(len(task.batches))]
    blocks = by_block(task.layers).items()
    return passes + [Unit(f"weights/{block}", partial(_measure, task, members)) for block, members in blocks]


def _place(number: int) -> str:
    return key(number, "tokens")


@torch.no_grad()
def _measure(task: Task, members: Sequence[Layer]) -> list[float]:
    """All numbers of a block's layers, one layer after another: _SINGLE, then both sorts of quantiles."""
    weights = [task.linears[layer.name].weight.detach() for layer in members]
    importance = [wanda.importance(weight, task.norms[layer.name]) for layer, weight in zip(members, weights)]
    mean = sum(each.sum(dtype=torch.float64).item() for each in importance) / sum(layer.size for layer in members)
    median = _median(importance)
    found: list[float] = []
    for weight, each in zip(weights, importance):
        outliers = (each > OUTLIER * mean).float().mean().item()
        found += [each.sum(dtype=torch.float64).item(), outliers, median, alpha(weight), *quantiles(weight)]
    return found


def _median(parts: Sequence[torch.Tensor]) -> float:
    """The median over all of `parts`; of an even number of values the lower one of the middle two."""
    return torch.cat([part.flatten() for part in parts]).median().item()


def alpha(weight: torch.Tensor) -> float:
    """Hill's estimate 1 + n / sum ln(l_i / l_min) over the n upper half of the eigenvalues l of W'W.

    Args:
        weight: (rows, cols), any floating type.
    """
    wide = weight.float()
    gram = wide @ wide.T if wide.shape[0] <= wide.shape[1] else wide.T @ wide
    values = torch.linalg.eigvalsh(gram).clamp_min(torch.finfo(torch.float32).tiny)
    upper = values[len(values) // 2 :].double()
    total = (upper / upper[0]).log().sum().item()
    return min(MOST_ALPHA, 1 + len(upper) / total) if total > 0 else MOST_ALPHA


def quantiles(weight: torch.Tensor) -> list[float]:
    """QUANTILES values of |W|, then as many of the LAMP score, at even shares of the weights.

    Args:
        weight: (rows, cols), any floating type.
    """
    sizes = weight.float().abs().flatten().sort().values
    places = torch.linspace(0, len(sizes) - 1, QUANTILES, dtype=torch.float64).round().long()
    squares = _summing(sizes).square()
    behind = squares.flip(0).cumsum(0).flip(0)
    lamp = torch.where(behind > 0, squares / behind, 0.0)
    return [value for each in (sizes, lamp) for value in each[places.to(sizes.device)].tolist()]


def _summing(values: torch.Tensor) -> torch.Tensor:
    """`values` in float64, to be summed by the million; Apple's GPUs have none, so there on the CPU."""
    return (values.cpu() if values.device.type == "mps" else values).double()


@torch.no_grad()
def _diversities(task: Task, number: int) -> list[float]:
    """Diversity of every block's output tokens, in the order of the layers' blocks; -1 where it gave less than two."""
    found: dict[str, list[float]] = {}

    def hook_for(block: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            tokens = output[0] if isinstance(output, (tuple, list)) else output
            if isinstance(tokens, torch.Tensor) and tokens.dim() > 1:
                found.setdefault(block, []).append(diversity(tokens.reshape(-1, tokens.shape[-1])))

        return hook

    blocks = by_block(task.layers)
    handles = [task.blocks[block].register_forward_hook(hook_for(block)) for block in blocks if block in task.blocks]
    try:
        task.loss(task.batches[number])
    finally:
        for handle in handles:
            handle.remove()
    known = {block: [value for value in values if value >= 0] for block, values in found.items()}
    return [sum(known[block]) / len(known[block]) if known.get(block) else -1.0 for block in blocks]


def diversity(tokens: torch.Tensor) -> float:
    """1 - mean cosine similarity between two different tokens; -1 where there is only one.

    Args:
        tokens: (tokens, width).
    """
    count = len(tokens)
    if count < 2:
        return -1.0
    total = nn.functional.normalize(tokens.float(), dim=1).sum(0).square().sum().item()
    return max(0.0, 1 - (total - count) / (count * (count - 1)))


def layers(task: Task, values: Values) -> tuple[Layer | None, ...]:
    """Every layer whose block is measured, once the tokens of all batches are."""
    passes = [values.get(_place(number)) for number in range(len(task.batches))]
    blocks = by_block(task.layers)
    if not all(passes):
        return (None,) * len(task.layers)
    found: dict[str, Layer] = {}
    for place, (block, members) in enumerate(blocks.items()):
        measured = values.get(f"weights/{block}")
        known = [each[place] for each in passes if each[place] >= 0]
        if measured is None:
            continue
        spread = math.fsum(known) / len(known) if known else 0.0
        each = len(measured) // len(members)
        for number, layer in enumerate(members):
            found[layer.name] = _scored(layer, measured[number * each : (number + 1) * each], spread)
    return tuple(found.get(layer.name) for layer in task.layers)


def _scored(layer: Layer, numbers: Sequence[float], spread: float) -> Layer:
    """One layer from its numbers and its block's diversity."""
    single, rest = numbers[: len(_SINGLE)], numbers[len(_SINGLE) :]
    profiles = {"magnitudes": tuple(rest[:QUANTILES]), "lamp": tuple(rest[QUANTILES:])}
    stats = dict(zip(_SINGLE, single)) | {"diversity": spread} | profiles
    return replace(layer, score=single[0], stats=layer.stats | stats)


METHOD = Method(
    "local",
    "Local statistics",
    "https://arxiv.org/abs/2310.02998",
    units,
    layers,
    calibrated=True,
    one_by_one=True,
)
