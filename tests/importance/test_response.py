"""Response curves: against really pruning by hand, errors by hand, samples where they are needed."""

import math

import pytest
import torch

from ecoflap.importance import response
from ecoflap.importance.run import measure
from tests.importance.networks import network, task_of

SPARSITIES = (0.25, 0.5, 1.0)


def naive(model, index, sparsity):
    """Loss increase of every sample of both batches with one layer's smallest weights per row set to zero."""
    task = task_of(model)
    found = []
    for batch in task.batches:
        weight = model[index].weight
        dense = weight.detach().clone()
        with torch.no_grad():
            before = task.losses(batch)[0]
            for row in weight:
                row[row.abs().argsort()[: round(sparsity * len(row))]] = 0
            found.append(task.losses(batch)[0] - before)
            weight.copy_(dense)
    return torch.cat(found)


def test_a_curve_is_the_loss_increase_of_really_pruning_the_block(monkeypatch):
    monkeypatch.setattr(response, "PRECISION", 0.0)  # every point on every sample
    first, second = measure(response.METHOD, task_of(network(), sparsities=SPARSITIES))
    for layer, index, sparsities in ((first, 0, (0.5, 1.0)), (second, 2, (0.25, 0.5, 1.0))):
        points = {sparsity: (increase, error) for sparsity, increase, error in layer.curve}
        assert list(points) == list(SPARSITIES)
        for sparsity in sparsities:
            expected = naive(network(), index, sparsity)
            assert points[sparsity][0] == pytest.approx(float(expected.mean()), rel=1e-4)
            assert points[sparsity][1] == pytest.approx(float(expected.std() / math.sqrt(32)), rel=1e-3)


def test_estimates_by_hand():
    assert response.estimate([1.0, 3.0], [2.0, 2.0]) == (1.0, pytest.approx(0.5))
    assert response.estimate([2.0, 6.0], [1.0, 3.0]) == (2.0, 0.0)
    assert response.estimate([3.0], [2.0]) == (1.5, 1.5)


def test_known_points_need_no_second_half(monkeypatch):
    values = {}
    monkeypatch.setattr(response, "PRECISION", math.inf)
    measure(response.METHOD, task_of(network(), sparsities=(1.0,)), values)
    assert set(values) == {"0/tokens", "0/first@1.0", "0/second@1.0"}
    monkeypatch.setattr(response, "PRECISION", 0.0)
    measure(response.METHOD, task_of(network(), sparsities=(1.0,)), values)
    assert set(values) == {f"{number}/{what}" for number in (0, 1) for what in ("tokens", "first@1.0", "second@1.0")}


def test_only_unsure_points_are_measured_again():
    values = {}
    task = task_of(network(), sparsities=(0.5, 1.0))
    measure(response.METHOD, task, values)
    for block in ("first", "second"):
        for s in (0.5, 1.0):
            increases, tokens = values[response.place(0, block, s)], values["0/tokens"]
            increase, error = response.estimate(increases, tokens)
            assert (response.place(1, block, s) in values) == (error > response.PRECISION * increase)


def test_the_score_is_the_area_under_the_curve():
    area, error = response._area([(0.5, 1.0, 0.3), (1.0, 3.0, 0.4)])
    assert area == pytest.approx(0.5 * 0.5 + 0.5 * 2.0)
    assert error == pytest.approx(0.5 * 0.3 + 0.25 * 0.4)
    assert response._area([(0.5, -1.0, 0.3)])[0] == 0.0


def test_both_layers_of_a_block_are_pruned_together_and_share_the_curve(monkeypatch):
    monkeypatch.setattr(response, "PRECISION", 0.0)
    model = network()
    task = task_of(model, sparsities=(0.5,))
    task.layers = tuple(type(x)(x.name, "both", x.modality, x.rows, x.cols) for x in task.layers)
    task.blocks = {"both": model}
    one, other = measure(response.METHOD, task)
    for (_, increase, error), (_, other_increase, other_error) in zip(one.curve, other.curve):
        assert increase / other_increase == pytest.approx(48 / 24)
        assert error / other_error == pytest.approx(48 / 24)
    assert one.score / other.score == pytest.approx(48 / 24)
    found = sum(layer.curve[0][1] for layer in (one, other))
    batch = torch.cat([inputs for inputs, _ in task.batches]), torch.cat([labels for _, labels in task.batches])
    with torch.no_grad():
        before = float(task.losses(batch)[0].mean())
    task.masked.apply({"first": 24, "second": 12}, task.ranked)
    with torch.no_grad():
        assert found == pytest.approx(float(task.losses(batch)[0].mean()) - before, rel=1e-4)


def test_the_time_left_counts_what_may_still_be_added(monkeypatch):
    monkeypatch.setattr(response, "PRECISION", 0.0)
    task, steps = task_of(network(), sparsities=(0.5, 1.0)), []
    measure(response.METHOD, task, progress=steps.append)
    assert [step.total for step in steps[:3]] == [5, 5, 5]
    assert steps[-1].total == 10
    assert all(step.left > 0 for step in steps[1:-1])
    assert steps[-1].left == 0
