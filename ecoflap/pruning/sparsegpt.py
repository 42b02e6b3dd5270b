"""SparseGPT (Frantar and Alistarh, ICML 2023, arXiv 2301.00774): what stays makes up for what goes.

Columns are treated from left to right. A weight's cost is w^2 / [U_jj]^2, U the upper Cholesky factor of the inverse of
H = sum x x' + dampening; the cheapest go, and every error is spread over the columns on the right, so that the layer's
output on the calibration inputs changes least. Survivors move, hence the result holds for one count alone.
"""

import logging
from dataclasses import dataclass

import torch

from ecoflap.pruning.patterns import ranks
from ecoflap.texts import say
from ecoflap.types import pattern

# The paper's share of the mean diagonal, and how many columns choose together.
DAMPENING, WIDTH = 0.01, 128
# A factorisation that fails is tried again with this many times the dampening, up to the whole mean diagonal.
MORE = 10.0
MOST_DAMPENING = 1e3


@dataclass(frozen=True)
class Solution:
    """What became of a matrix: its `weight` (rows, cols), 0 where pruned, and the `dampening` that it took."""

    weight: torch.Tensor
    dampening: float


@torch.no_grad()
def solve(
    weight: torch.Tensor,
    products: torch.Tensor,
    kept: int,
    scope: str = "",
    dampening: float = DAMPENING,
    width: int = WIDTH,
) -> Solution:
    """Prune `weight` to `kept` weights and adjust these.

    Args:
        weight: (rows, cols), any floating type; computed in float32 at least.
        products: sum of x x' over the calibration inputs, (cols, cols), in any scale.
        kept: weights that stay. Every `width` columns lose their share of what goes, compared over all rows.
        scope: an N:M pattern, where each of its groups loses M - N instead.
        dampening: share of the mean diagonal that is added to it; more where the factorisation fails.
        width: columns that choose together; a multiple of 8.
    """
    work = weight.to(torch.promote_types(weight.dtype, torch.float32), copy=True)
    hessian = products.to(work.dtype)
    upper, used = inverse_factor(hessian, dampening)
    idle = hessian.diagonal() == 0
    rows, cols = work.shape
    gone = 0
    for start in range(0, cols, width):
        end = min(start + width, cols)
        # Rounded shares of all columns so far: in the end exactly what is to go.
        share = (rows * cols - kept) * end // cols - gone
        gone += share
        errors = _solve_columns(work[:, start:end], upper[start:end, start:end], idle[start:end], share, scope)
        work[:, end:] -= errors @ upper[start:end, end:]
    return Solution(work.to(weight.dtype), used)


def output_error(change: torch.Tensor, products: torch.Tensor) -> float:
    """Squared change of a layer's outputs over the inputs behind `products`, for a `change` of its weights."""
    wide = change.to(torch.promote_types(change.dtype, torch.float32))
    return float(((wide @ products.to(wide.dtype)) * wide).sum())


def _solve_columns(
    part: torch.Tensor, upper: torch.Tensor, idle: torch.Tensor, removed: int, scope: str
) -> torch.Tensor:
    """Treat columns (rows, width) in place; returns their errors, (rows, width), for those on the right."""
    keep, among = pattern.GROUPED.get(scope, (0, 0))
    goes = torch.zeros_like(part, dtype=torch.bool) if among else _cheapest(_cost(part, upper, idle), removed)
    errors = torch.zeros_like(part)
    for j in range(part.shape[1]):
        if among and j % among == 0:
            group = slice(j, j + among)
            cost = _cost(part[:, group], upper[group, group], idle[group])
            goes[:, group] = ranks(cost, scope, cost.numel()) < among - keep
        error = torch.where(goes[:, j], part[:, j], 0.0) / upper[j, j]
        part[:, j:] -= error[:, None] * upper[j, j:]
        part[:, j].masked_fill_(goes[:, j], 0.0)
        errors[:, j] = error
    return errors


def _cost(part: torch.Tensor, upper: torch.Tensor, idle: torch.Tensor) -> torch.Tensor:
    """w^2 / U_jj^2, (rows, width); nothing for a column that no input ever reaches."""
    return (part / upper.diagonal()).square().masked_fill(idle, 0.0)


def _cheapest(cost: torch.Tensor, count: int) -> torch.Tensor:
    """True at the `count` smallest, ties by position."""
    goes = torch.zeros(cost.numel(), dtype=torch.bool, device=cost.device)
    goes[cost.flatten().argsort(stable=True)[:count]] = True
    return goes.view_as(cost)


def inverse_factor(products: torch.Tensor, dampening: float) -> tuple[torch.Tensor, float]:
    """Upper Cholesky factor of the inverse of the dampened `products` (cols, cols), and the dampening that it took.

    A column without any input has 1 on the diagonal, so that it neither takes nor gives.
    """
    diagonal = products.diagonal()
    hessian = products + torch.diag((diagonal == 0).to(products.dtype))
    mean = float(diagonal.mean()) or 1.0
    while True:
        damped = hessian + dampening * mean * torch.eye(len(hessian), dtype=hessian.dtype, device=hessian.device)
        lower, failed = torch.linalg.cholesky_ex(damped)
        if not failed:
            upper, failed = torch.linalg.cholesky_ex(torch.cholesky_inverse(lower), upper=True)
        if not failed and upper.isfinite().all():
            return upper, dampening
        if dampening >= MOST_DAMPENING:
            raise ValueError("the inputs' products are not finite")
        dampening *= MORE
        logging.getLogger(__name__).warning(say("sparsegpt.dampening", value=f"{dampening:g}"))
