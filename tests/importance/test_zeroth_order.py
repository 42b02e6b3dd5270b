"""Zeroth-order scores: against the gradient, bit-identical weights, seeds, cancelling, low precision."""

import math

import pytest
import torch
from torch import nn

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.importance import zeroth_order
from ecoflap.types import Layer


def setting(dtype=torch.float32):
    """A two-layer network, its layers, a loss and two batches."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).to(dtype)
    linears = {"first": model[0], "second": model[2]}
    layers = [Layer(name, name, "language", *linear.weight.shape) for name, linear in linears.items()]
    batches = [(torch.randn(16, 6).to(dtype), torch.randint(0, 3, (16,))) for _ in range(2)]

    def loss(batch):
        return nn.functional.cross_entropy(model(batch[0]).float(), batch[1])

    return model, linears, layers, loss, batches, linears


def test_the_score_estimates_the_norm_of_the_gradient():
    model, linears, layers, loss, batches, blocks = setting()
    scored = zeroth_order.score(layers, linears, loss, batches, blocks, draws_per_batch=400)
    for layer in scored:
        norms = [torch.autograd.grad(loss(batch), linears[layer.name].weight)[0].norm().item() for batch in batches]
        expected = math.sqrt(2 / math.pi) * sum(norms) / len(norms)
        assert abs(layer.score - expected) < 4 * layer.stderr
        assert layer.stderr < 0.05 * layer.score
        assert layer.draws == 800


def test_one_draw_is_the_formula():
    model, linears, layers, loss, batches, blocks = setting()
    eps, seed = 1e-3, zeroth_order.seed_of(5, "first", 0)
    found = zeroth_order.draws(linears["first"], lambda: loss(batches[0]), 1, eps, seed)
    dense = linears["first"].weight.detach().clone()
    z = torch.randn(dense.shape, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        linears["first"].weight.copy_(dense + eps * z)
        above = float(loss(batches[0]))
        linears["first"].weight.copy_(dense - eps * z)
        below = float(loss(batches[0]))
    assert found == pytest.approx([abs(above - below) / (2 * eps)], rel=1e-3)


def test_weights_are_bit_identical_afterwards():
    model, linears, layers, loss, batches, blocks = setting()
    before = {name: (value.data_ptr(), value.clone()) for name, value in model.state_dict().items()}
    zeroth_order.score(layers, linears, loss, batches, blocks)
    for name, value in model.state_dict().items():
        assert value.data_ptr() == before[name][0]
        assert torch.equal(value, before[name][1])
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_is_scored_in_float32_and_comes_back_bit_for_bit(dtype):
    model, linears, layers, loss, batches, blocks = setting(dtype)
    model.register_buffer("table", torch.rand(3).to(dtype))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with zeroth_order.in_float32(model):
        assert {value.dtype for value in model.state_dict().values()} == {torch.float32}
        wide = [(inputs.float(), labels) for inputs, labels in batches]
        found = zeroth_order.score(layers, linears, loss, wide, blocks)
    after = model.state_dict()
    assert all(after[name].dtype == dtype and torch.equal(after[name], before[name]) for name in before)
    again, linears, layers, loss, _, blocks = setting(dtype)
    again.float()
    expected = zeroth_order.score(layers, linears, loss, wide, blocks)
    assert [layer.score for layer in found] == [layer.score for layer in expected]


def test_a_layers_score_does_not_depend_on_the_others():
    model, linears, layers, loss, batches, blocks = setting()
    both = zeroth_order.score(layers, linears, loss, batches, blocks, seed=3)
    alone = zeroth_order.score(layers[1:], linears, loss, batches, blocks, seed=3)
    assert both[1] == alone[0]
    assert both != zeroth_order.score(layers, linears, loss, batches, blocks, seed=4)


def test_cancelling_leaves_the_weights_alone():
    model, linears, layers, loss, batches, blocks = setting()
    before = [value.clone() for value in model.parameters()]
    seen = []
    with pytest.raises(Cancelled):
        zeroth_order.score(
            layers,
            linears,
            loss,
            batches,
            blocks,
            progress=lambda done, total, left: seen.append((done, total)) or done < 3,
        )
    assert seen == [(1, 4), (2, 4), (3, 4)]
    assert all(map(torch.equal, before, model.parameters()))


def test_a_loss_that_is_no_number_is_named():
    model, linears, layers, loss, batches, blocks = setting()
    with pytest.raises(EcoflapError, match=r"not a finite number \(layer first, batch 0\)"):
        zeroth_order.score(layers, linears, lambda batch: torch.tensor(float("nan")), batches, blocks)


def test_standard_errors_by_hand():
    assert zeroth_order.summary([[1.0, 3.0], [5.0, 5.0]]) == (3.5, pytest.approx(0.5), 4)
    assert zeroth_order.summary([[1.0], [3.0]]) == (2.0, pytest.approx(1.0), 2)
    assert zeroth_order.summary([[1.0]]) == (1.0, None, 1)
