"""SparseGPT over a model: the products are those of plain passes, every block solved on what it is given."""

import pytest
import torch

from ecoflap.demo.questions import samples
from ecoflap.masking import MaskedModel, Moved, keep_mask, rank_model
from ecoflap.models.registry import open_model
from ecoflap.pruning import reconstruction, wanda
from ecoflap.pruning.reconstruction import Reconstruction
from ecoflap.pruning.sparsegpt import solve
from ecoflap.types import Loading
from tests.pruning.test_sequential import chain, half


@torch.no_grad()
def naive(case, kept, on_dense):
    """Block after block by whole passes with hooks; on the dense model, or with the blocks before it pruned."""
    layers, linears, _, run, batches = case
    dense = {layer.name: linears[layer.name].weight.clone() for layer in layers}
    found = {}
    for layer in layers:  # one a block, in the order of the calls
        total = torch.zeros(layer.cols, layer.cols)
        linear = linears[layer.name]

        def add(module, inputs, total=total):
            tokens = inputs[0].reshape(-1, inputs[0].shape[-1])
            total += tokens.T @ tokens

        hook = linear.register_forward_pre_hook(add)
        for batch in batches:
            run(batch)
        hook.remove()
        found[layer.name] = solve(dense[layer.name], total, kept[layer.name]).weight
        if not on_dense:
            linear.weight.copy_(found[layer.name])
    for name, weight in dense.items():
        linears[name].weight.copy_(weight)
    return found


@pytest.mark.parametrize("on_dense", [True, False])
def test_it_is_the_naive_one_and_the_model_is_dense_again(on_dense):
    case = chain()
    layers, linears, blocks, run, batches = case
    before = {name: linear.weight.clone() for name, linear in linears.items()}
    kept, masked = half(layers), MaskedModel(layers, linears)
    wanted = naive(case, kept, on_dense)
    found = Reconstruction(masked, blocks, run, batches, kept, None, "paper", on_dense=on_dense).solve()
    assert all(torch.equal(linears[name].weight, weight) for name, weight in before.items())
    assert found.norms == {} and found.ranked.keys() == kept.keys()
    for layer in layers:
        moved = found.ranked[layer.name]
        assert isinstance(moved, Moved) and torch.allclose(moved.weight, wanted[layer.name], atol=1e-5)
        assert int((moved.weight != 0).sum()) == kept[layer.name]
    assert masked.apply(kept, found.ranked) == len(layers)
    assert all(torch.equal(linears[layer.name].weight, found.ranked[layer.name].weight) for layer in layers)
    masked.restore()
    assert all(torch.equal(linears[name].weight, weight) for name, weight in before.items())


@torch.no_grad()
def products_of(model, samples):
    """Sum of x x' and the squares of every layer's inputs over the samples, each alone."""
    found = {name: torch.zeros(linear.in_features, linear.in_features) for name, linear in model.linears.items()}

    def add(name):
        def hook(module, inputs):
            tokens = inputs[0].reshape(-1, inputs[0].shape[-1])
            found[name] += tokens.T @ tokens

        return hook

    hooks = [linear.register_forward_pre_hook(add(name)) for name, linear in model.linears.items()]
    for sample in samples:
        model.loss(model.encode([sample]))
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize("sparsity", [0.5, 0.7, 0.9])
def test_on_the_demo_no_layer_is_reconstructed_worse_than_by_wanda(sparsity):
    model = open_model("demo", Loading("cpu"))
    found = products_of(model, samples("calibration", 32, 3))
    worse, better = {}, 0
    for layer in model.layers:
        weight, products = model.linears[layer.name].weight, found[layer.name]
        kept = layer.size - round(sparsity * layer.size)
        importance = wanda.importance(weight, products.diagonal().sqrt())
        ranked = rank_model({layer.name: layer}, lambda name, found=importance: found, "paper")[layer.name]
        masked = weight * keep_mask(layer, kept, ranked)
        errors = [
            float(((weight - pruned) @ products * (weight - pruned)).sum())
            for pruned in (reconstruction.pruned(layer, weight, products, kept, "paper"), masked)
        ]
        if errors[0] > errors[1]:
            worse[layer.name] = errors[0] / errors[1]
        better += errors[0] < 0.95 * errors[1]
    assert not worse and better > 0.9 * len(model.layers)
