"""Local criteria against literal cases, and input norms against a plain loop."""

import pytest
import torch
from torch import nn

from ecoflap.errors import EcoflapError
from ecoflap.pruning import activations, magnitude, registry, ria, wanda


def test_wanda_weighs_a_weight_by_its_input():
    weight = torch.tensor([[1.0, -2.0], [3.0, 0.5]])
    assert wanda.importance(weight, torch.tensor([10.0, 1.0])).tolist() == [[10.0, 2.0], [30.0, 0.5]]


def test_magnitude_takes_the_absolute_value():
    assert magnitude.importance(torch.tensor([[-3.0, 2.0]])).tolist() == [[3.0, 2.0]]


def test_input_norms_equal_a_plain_loop():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))
    linears = {"first": model[0], "second": model[2]}
    batches = [torch.rand(1, 3, 4) for _ in range(6)]
    found = activations.input_norms(linears, model, batches, 6)
    expected = {"first": torch.zeros(4), "second": torch.zeros(5)}
    with torch.no_grad():
        for batch in batches:
            for token in batch[0]:
                expected["first"] += token**2
                expected["second"] += model[1](model[0](token)) ** 2
    for name in expected:
        assert torch.allclose(found[name], (expected[name] / 6).sqrt(), rtol=1e-5)


def test_the_hooks_are_gone_after_an_error():
    linear = nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match="stop"), activations.input_squares({"x": linear}):
        raise RuntimeError("stop")
    assert not linear._forward_pre_hooks


def test_an_unknown_pruner_is_named_with_the_choices():
    with pytest.raises(EcoflapError, match="pruner is 'luck'. Choose one of: wanda, magnitude, ria, sparsegpt"):
        registry.find("luck")


def test_ria_is_the_share_of_row_and_column_times_the_root_of_the_norm():
    weight = torch.tensor([[1.0, -3.0], [3.0, 0.0]])
    # Columns sum to 4 and 3, rows to 4 and 3.
    found = ria.importance(weight, torch.tensor([4.0, 9.0]))
    assert torch.allclose(found, torch.tensor([[2 * (1 / 4 + 1 / 4), 3 * (3 / 3 + 3 / 4)], [2 * (3 / 4 + 3 / 3), 0.0]]))
    assert ria.importance(torch.zeros(2, 3), torch.ones(3)).tolist() == [[0.0] * 3] * 2
