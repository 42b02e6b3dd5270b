"""The bench gives what it promises, and what it times is the same work on both sides."""

import torch

from ecoflap.bench import applying
from ecoflap.masking import rank_model
from ecoflap.pruning import wanda

SHAPES = ((6, 200), (10, 150))


def test_measures_what_it_names():
    found = applying.measure(SHAPES, 2, 1)
    names = {"apply_over_copy", "apply_speedup_over_sort", "apply_step_ms", "apply_step_over_copy"}
    assert found.keys() == names
    assert all(type(value) is float and value > 0 for value in found.values())


def test_applying_ranks_gives_what_sort_and_scatter_gives():
    masked, norms = applying.model(SHAPES)
    ranked = rank_model(masked.layers, lambda name: wanda.importance(masked.dense[name], norms[name]), "row")
    for sparsity in (0.5, 0.6, 0.61):
        applying.sort_and_scatter(masked, norms, sparsity)
        wanted = {name: linear.weight.detach().clone() for name, linear in masked.linears.items()}
        applying.copy(masked)
        assert all(torch.equal(masked.linears[name].weight, dense) for name, dense in masked.dense.items())
        masked.apply(applying.kept(masked.layers, sparsity), ranked)
        assert all(torch.equal(masked.linears[name].weight, weight) for name, weight in wanted.items())


def test_a_step_changes_every_matrix_that_is_measured():
    for shapes in (applying.SHAPES, applying.QUICK):
        assert all(int(cols * 0.6) != int(cols * 0.61) for _, cols in shapes)
