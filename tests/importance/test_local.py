"""Local statistics against plain definitions, on matrices small enough to check by hand."""

import math

import numpy as np
import pytest
import torch

from ecoflap.importance import local
from ecoflap.importance.local import MOST_ALPHA, QUANTILES, alpha, diversity, quantiles
from ecoflap.importance.run import measure
from tests.importance.networks import network, task_of


@pytest.fixture(scope="module")
def measured():
    """The task, and its layers with everything that is measured of them."""
    task = task_of(network())
    return task, measure(local.METHOD, task)


def test_score_outliers_and_median_are_those_of_the_whole_matrix(measured):
    task, layers = measured
    for layer in layers:
        weight = task.linears[layer.name].weight.detach().numpy().astype(np.float64)
        metric = np.abs(weight) * task.norms[layer.name].numpy()
        assert layer.score == layer.stats["local"] == pytest.approx(metric.sum(), rel=1e-6)
        assert layer.stats["outliers"] == pytest.approx((metric > 5 * metric.mean()).mean())
        assert layer.stats["median"] == pytest.approx(np.sort(metric.ravel())[(metric.size - 1) // 2], rel=1e-6)


def test_a_block_has_one_median_and_outliers_against_its_own_mean():
    task = task_of(network())
    with torch.no_grad():
        task.linears["first"].weight.fill_(1e-3)
        task.linears["second"].weight.fill_(1.0)
    layers = tuple(
        layer.__class__(layer.name, "block", layer.modality, layer.rows, layer.cols) for layer in task.layers
    )
    task.layers, task.blocks = layers, {"block": task.linears["second"]}
    task.norms = {name: torch.ones(module.in_features) for name, module in task.linears.items()}
    first, second = measure(local.METHOD, task)
    assert first.stats["median"] == second.stats["median"] == pytest.approx(1e-3)  # 48 small weights, 24 large ones
    assert (first.stats["outliers"], second.stats["outliers"]) == (0.0, 0.0)  # the mean is a third of the large ones


def test_alpha_is_hills_estimate_over_the_upper_half():
    values = torch.tensor([1.0, 2.0, 4.0, 8.0])
    weight = torch.zeros(4, 6)
    weight[range(4), range(4)] = values.sqrt()
    assert alpha(weight) == pytest.approx(1 + 2 / math.log(8 / 4), rel=1e-4)
    assert alpha(weight.T) == pytest.approx(alpha(weight), rel=1e-4)


def test_a_flat_spectrum_has_the_lightest_tail():
    assert alpha(torch.eye(6)) == MOST_ALPHA == alpha(torch.zeros(3, 5))


def test_quantiles_are_even_and_lamp_is_over_what_is_not_smaller():
    weight = torch.tensor([[3.0, -1.0], [2.0, -4.0]])
    found = quantiles(weight)
    assert len(found) == 2 * QUANTILES
    sizes, lamp = found[:QUANTILES], found[QUANTILES:]
    assert (sizes[0], sizes[-1]) == (1.0, 4.0) and sorted(sizes) == sizes
    assert {round(value, 6) for value in lamp} == {round(1 / 30, 6), round(4 / 29, 6), round(9 / 25, 6), 1.0}


def test_a_matrix_of_zeros_has_quantiles():
    assert quantiles(torch.zeros(3, 3)) == [0.0] * 2 * QUANTILES


def test_diversity_is_one_minus_the_mean_cosine():
    tokens = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
    # Cosines of the three pairs: 0, 1, 0.
    assert diversity(tokens) == pytest.approx(1 - 1 / 3)
    assert diversity(torch.ones(4, 3)) == pytest.approx(0.0, abs=1e-6)
    assert diversity(tokens[:1]) == -1.0


def test_a_block_that_gives_single_tokens_has_no_diversity():
    task = task_of(network())
    task.batches = [(inputs[:1], classes[:1]) for inputs, classes in task.batches]
    assert [layer.stats["diversity"] for layer in measure(local.METHOD, task)] == [0.0, 0.0]


def test_weights_and_hooks_are_as_before(measured):
    task, _ = measured
    fresh = task_of(network())
    assert all(torch.equal(task.linears[name].weight, fresh.linears[name].weight) for name in task.linears)
    assert not any(module._forward_hooks for module in task.blocks.values())
