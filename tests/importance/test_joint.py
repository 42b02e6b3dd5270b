"""Joint response: steps are those of really pruning everything by hand, and the budget goes where they cost least."""

import math

import numpy as np
import pytest
import torch

from ecoflap.importance import joint, response
from ecoflap.importance.run import measure
from tests.importance.networks import network, task_of

SPARSITIES = (0.25, 0.5, 1.0)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(joint, "TARGETS", (0.5,))


def test_a_step_is_what_pruning_both_blocks_by_hand_costs():
    task, values = task_of(network(), sparsities=SPARSITIES), {}
    dense = [linear.weight.detach().clone() for linear in task.linears.values()]
    measure(joint.METHOD, task, values)
    assert all(torch.equal(linear.weight, before) for linear, before in zip(task.linears.values(), dense))
    start = joint.starts(task, values, 0.5)
    block = "first"
    moved = joint.tried(start[block], 0.5)
    found = np.reshape(values[joint.place(1, 0.5, block)], (len(moved), -1))
    members = {layer.block: layer for layer in task.layers}
    answers = []
    for sparsity in (start[block], *moved):
        kept = {}
        for name, share in (start | {block: sparsity}).items():
            size = members[name].size
            kept[members[name].name] = size - round(share * size)
        task.masked.apply(kept, task.ranked)
        with torch.no_grad():
            losses, tokens = task.losses(task.batches[1])
        answers.append([math.exp(-loss / count) for loss, count in zip(losses.tolist(), tokens.tolist())])
    task.masked.restore()
    for row, after in zip(found, answers[1:]):
        assert row == pytest.approx([one - other for one, other in zip(answers[0], after)], abs=1e-5)


def test_an_answer_counts_by_its_tokens_mean():
    losses, tokens = torch.tensor([2 * math.log(2), math.log(8)]), torch.tensor([2.0, 1.0])
    assert joint.likely(losses, tokens).tolist() == pytest.approx([0.5, 0.125])


def test_every_layer_gets_its_stat_and_the_target_is_met():
    task = task_of(network(), sparsities=SPARSITIES)
    layers = measure(joint.METHOD, task)
    assert [layer.curve for layer in layers] == [layer.curve for layer in measure(response.METHOD, task)]
    assert all(layer.stats["joint"][0] == 0.5 for layer in layers)
    removed = sum(layer.size * layer.stats["joint"][1] for layer in layers)
    assert removed == pytest.approx(0.5 * sum(layer.size for layer in layers))


def test_the_budget_goes_where_a_weight_costs_least():
    start, sizes = {"a": 0.5, "b": 0.5}, {"a": 100, "b": 100}
    cheap, dear = ([0.3, 0.6], [-0.1, 0.05]), ([0.3, 0.6], [-1.0, 0.5])
    assert joint.best(start, {"a": cheap, "b": dear}, sizes, 0.5) == pytest.approx({"a": 0.6, "b": 0.4})
    assert joint.best(start, {"a": dear, "b": cheap}, sizes, 0.5) == pytest.approx({"a": 0.4, "b": 0.6})
    assert joint.best(start, {"a": ([], []), "b": cheap}, sizes, 0.5) == pytest.approx({"a": 0.5, "b": 0.5})
    # A weight of a larger block costs less where the block's step costs the same.
    uneven = joint.best(start, {"a": cheap, "b": cheap}, {"a": 100, "b": 300}, 0.5)
    assert uneven["b"] > 0.5 > uneven["a"]


def test_steps_stay_inside_the_cap():
    assert joint.tried(0.55, 0.5) == pytest.approx([0.35, 0.45, 0.6])
    assert joint.tried(0.05, 0.5) == pytest.approx([0.0, 0.1, 0.15])


def test_nothing_is_said_before_everything_is_measured():
    task, values = task_of(network(), sparsities=SPARSITIES), {}
    measure(joint.METHOD, task, values)
    values.pop(joint.place(0, 0.5, "second"))
    assert all("joint" not in layer.stats and layer.curve for layer in joint.layers(task, values))


def test_what_it_costs_is_known_before_anything_is_measured():
    task, values = task_of(network(), sparsities=SPARSITIES), {}
    most = joint.METHOD.cost(task)[1]
    measure(joint.METHOD, task, values)
    spent = sum(unit.cost for unit in joint.units(task, values))
    assert 0 < spent <= most
