"""Zeroth-order scores: against the gradient, one draw by hand, seeds, standard errors, convergence."""

import math
from dataclasses import replace

import pytest
import torch

from ecoflap.importance import zeroth_order, zeroth_order_block
from ecoflap.importance.run import measure
from ecoflap.importance.task import seed_of
from tests.importance.networks import network, task_of


def gradient_norms(task, *linears):
    """Norm of the gradient of `linears` together, per batch."""
    found = []
    for batch in task.batches:
        gradients = torch.autograd.grad(task.loss(batch), [linear.weight for linear in linears])
        found.append(math.sqrt(sum(float(g.square().sum()) for g in gradients)))
    return found


def test_the_score_estimates_the_norm_of_the_gradient():
    task = task_of(network(), draws=400)
    for layer in measure(zeroth_order.METHOD, task):
        norms = gradient_norms(task, task.linears[layer.name])
        expected = math.sqrt(2 / math.pi) * sum(norms) / len(norms)
        assert abs(layer.score - expected) < 4 * layer.stderr
        assert layer.stderr < 0.05 * layer.score
        assert layer.draws == 800


def test_a_blocks_score_estimates_the_norm_of_its_whole_gradient():
    task = task_of(network(), draws=400)
    task.layers = tuple(
        type(layer)(layer.name, "both", layer.modality, layer.rows, layer.cols) for layer in task.layers
    )
    scored = measure(zeroth_order_block.METHOD, task)
    norms = gradient_norms(task, *task.linears.values())
    expected = math.sqrt(2 / math.pi) * sum(norms) / len(norms)
    assert abs(sum(layer.score for layer in scored) - expected) < 4 * sum(layer.stderr for layer in scored)
    assert scored[0].score / scored[1].score == pytest.approx(48 / 24)


def test_a_block_of_one_matrix_is_scored_like_the_matrix():
    one = measure(zeroth_order.METHOD, task_of(network(), draws=2))
    block = measure(zeroth_order_block.METHOD, task_of(network(), draws=2))
    assert tuple(replace(layer, stats={}) for layer in block) == one
    assert [layer.stats["zeroth_order_block"] for layer in block] == [layer.score for layer in one]


def test_one_draw_is_the_formula():
    task = task_of(network())
    eps, seed = 1e-3, seed_of(5, "first", 0)
    linear = task.linears["first"]
    found = zeroth_order.draws([linear], lambda: task.loss(task.batches[0]), 1, eps, [seed])
    dense = linear.weight.detach().clone()
    z = torch.randn(dense.shape, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        linear.weight.copy_(dense + eps * z)
        above = float(task.loss(task.batches[0]))
        linear.weight.copy_(dense - eps * z)
        below = float(task.loss(task.batches[0]))
    assert found == pytest.approx([abs(above - below) / (2 * eps)], rel=1e-3)


def test_another_seed_gives_other_scores():
    assert measure(zeroth_order.METHOD, task_of(network(), seed=3)) != measure(
        zeroth_order.METHOD, task_of(network(), seed=4)
    )


def test_standard_errors_by_hand():
    assert zeroth_order.summary([[1.0, 3.0], [5.0, 5.0]]) == (3.5, pytest.approx(0.5), 4)
    assert zeroth_order.summary([[1.0], [3.0]]) == (2.0, pytest.approx(1.0), 2)
    assert zeroth_order.summary([[1.0]]) == (1.0, None, 1)


def test_convergence_is_the_median_standard_error_after_every_batch():
    task = task_of(network())
    values = {"0/first": [1.0], "0/second": [2.0], "1/first": [3.0], "1/second": [2.0]}
    assert zeroth_order.convergence(task, values) == [(1, None), (2, pytest.approx(0.5))]
