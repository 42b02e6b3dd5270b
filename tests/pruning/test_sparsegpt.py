"""SparseGPT against the paper's own step, one column at a time with the inverse made anew, and against Wanda."""

import logging

import pytest
import torch

from ecoflap.pruning import sparsegpt, wanda
from ecoflap.pruning.sparsegpt import inverse_factor, solve
from ecoflap.types import pattern


def case(rows, cols, seed=0, tokens=200, dtype=torch.float64):
    """Weights, and the products of inputs whose columns depend on each other."""
    draw = torch.Generator().manual_seed(seed)
    weight = torch.randn(rows, cols, generator=draw, dtype=dtype)
    mixed = torch.randn(cols, cols, generator=draw, dtype=dtype)
    inputs = torch.randn(tokens, cols, generator=draw, dtype=dtype) @ mixed
    return weight, inputs.T @ inputs, inputs


def naive(weight, products, removed, width, group=0, keep=0):
    """Columns from left to right; the inverse of what is left of the dampened products is computed for each."""
    work = weight.clone()
    damped = products + 0.01 * products.diagonal().mean() * torch.eye(len(products), dtype=products.dtype)
    mask = torch.zeros_like(weight, dtype=torch.bool)
    gone, cols = 0, weight.shape[1]
    # [H^-1]_jj of the columns from j on, which is what U_jj squared is.
    left = torch.stack([torch.linalg.inv(damped[j:, j:])[0, 0] for j in range(cols)])
    for j in range(cols):
        if group and j % group == 0 and j + group <= cols:
            cost = work[:, j : j + group] ** 2 / left[j : j + group]
            mask[:, j : j + group] = cost.argsort(dim=1, stable=True).argsort(1) < group - keep
        elif not group and j % width == 0:
            end = min(j + width, cols)
            count = removed * end // cols - gone
            gone += count
            order = (work[:, j:end] ** 2 / left[j:end]).flatten().argsort(stable=True)
            chosen = torch.zeros(work[:, j:end].numel(), dtype=torch.bool)
            chosen[order[:count]] = True
            mask[:, j:end] = chosen.view(-1, end - j)
        inverse = torch.linalg.inv(damped[j:, j:])
        error = torch.where(mask[:, j], work[:, j], 0.0) / inverse[0, 0]
        work[:, j:] -= error[:, None] * inverse[0]
        work[mask[:, j], j] = 0.0
    return work


@pytest.mark.parametrize(("rows", "cols", "removed", "width"), [(6, 24, 70, 8), (5, 20, 33, 128), (7, 30, 200, 16)])
def test_it_is_the_naive_one(rows, cols, removed, width):
    weight, products, _ = case(rows, cols)
    found = solve(weight, products, rows * cols - removed, width=width)
    assert torch.allclose(found.weight, naive(weight, products, removed, width), atol=1e-8)
    assert int((found.weight == 0).sum()) == removed and found.dampening == sparsegpt.DAMPENING
    single = solve(weight.float(), products.float(), rows * cols - removed, width=width)
    assert torch.allclose(single.weight.double(), found.weight, atol=1e-4)


@pytest.mark.parametrize("name", pattern.GROUPED)
@pytest.mark.parametrize("cols", [32, 27])
def test_a_pattern_leaves_its_zeros_in_every_group_and_the_rest_dense(name, cols):
    keep, among = pattern.GROUPED[name]
    weight, products, _ = case(6, cols)
    kept = pattern.kept(name, 6, cols)
    found = solve(weight, products, kept, name, width=16).weight
    assert torch.allclose(found, naive(weight, products, 0, 16, among, keep), atol=1e-8)
    whole = cols // among * among
    assert ((found[:, :whole].reshape(6, -1, among) == 0).sum(-1) == among - keep).all()
    assert int((found != 0).sum()) == kept


def test_nothing_removed_is_the_weight_and_everything_removed_is_zero():
    weight, products, _ = case(4, 12)
    assert torch.equal(solve(weight, products, 48).weight, weight)
    assert torch.equal(solve(weight, products, 0).weight, torch.zeros_like(weight))


@pytest.mark.parametrize("sparsity", [0.3, 0.5, 0.8])
def test_the_output_changes_less_than_under_wanda(sparsity):
    weight, products, inputs = case(16, 32, tokens=400)
    removed = round(sparsity * 32) * 16
    norms = inputs.square().sum(0).sqrt().float()
    ranks = wanda.importance(weight, norms).argsort(1).argsort(1)
    masked = weight * (ranks >= round(sparsity * 32))
    solved = solve(weight, products, weight.numel() - removed, width=8).weight
    errors = [(inputs @ (weight - pruned).T).square().sum() for pruned in (solved, masked)]
    assert errors[0] < 0.9 * errors[1]


def test_a_column_without_input_goes_first_and_moves_nobody():
    weight, products, _ = case(3, 8)
    products[2], products[:, 2] = 0.0, 0.0
    found = solve(weight, products, 21).weight
    assert (found[:, 2] == 0).all()
    others = [0, 1, 3, 4, 5, 6, 7]
    assert torch.allclose(found[:, others], weight[:, others])


def test_products_that_have_no_factor_get_more_dampening_and_it_is_said(caplog):
    weight = torch.randn(3, 6)
    broken = torch.ones(6, 6) - 2.5 * torch.eye(6)  # no sum of squares
    broken.fill_diagonal_(0.5)
    with caplog.at_level(logging.WARNING):
        found = solve(weight, broken, 9)
    assert found.dampening > sparsegpt.DAMPENING and found.weight.isfinite().all()
    assert f"{found.dampening:g}" in caplog.messages[-1]


def test_the_factor_is_that_of_the_inverse():
    _, products, _ = case(1, 10)
    upper, _ = inverse_factor(products, 0.01)
    damped = products + 0.01 * products.diagonal().mean() * torch.eye(10, dtype=torch.float64)
    assert torch.allclose(upper.T @ upper, torch.linalg.inv(damped), rtol=1e-6, atol=1e-12)
    assert torch.equal(upper, upper.triu())
