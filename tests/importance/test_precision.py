"""Half-precision models: scored as the same values in float32 would be, every bit back afterwards."""

import pytest
import torch

from ecoflap.importance import zeroth_order
from ecoflap.importance.precision import in_float32, movable
from ecoflap.importance.run import measure
from ecoflap.models import huggingface
from ecoflap.types import Loading
from tests.importance.networks import made_batches, network, task_of
from tests.tiny import samples


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_scores_are_those_of_the_same_values_in_float32(dtype):
    model = network(dtype)
    model.register_buffer("table", torch.rand(3).to(dtype))
    before = {name: (value.data_ptr(), value.clone()) for name, value in model.state_dict().items()}
    task = task_of(model)
    found = measure(zeroth_order.METHOD, task, hold=lambda: in_float32(model, task.blocks.values()))
    for name, value in model.state_dict().items():
        assert (value.dtype, value.data_ptr()) == (dtype, before[name][0])
        assert torch.equal(value, before[name][1])
    assert not any("forward" in module.__dict__ for module in model.modules())
    assert found == measure(zeroth_order.METHOD, task_of(network(dtype).float(), made_batches()))


def test_outside_its_pass_a_block_stays_narrow():
    model = network(torch.bfloat16)
    with in_float32(model, [model[0]]):
        assert (model[0].weight.dtype, model[2].weight.dtype) == (torch.bfloat16, torch.float32)
        assert model(torch.ones(1, 6)).dtype == torch.float32
        assert model[0].weight.dtype == torch.bfloat16
    assert model[2].weight.dtype == torch.bfloat16


def test_everything_is_back_after_an_error():
    model = network(torch.bfloat16)
    with pytest.raises(RuntimeError), in_float32(model, [model[0]]):
        model(torch.ones(1, 5))
    assert {value.dtype for value in model.state_dict().values()} == {torch.bfloat16}
    assert "forward" not in model[0].__dict__


def test_the_matrix_that_moves_is_a_float32_copy():
    linear = network(torch.bfloat16)[0]
    dense, start = linear.weight, linear.weight.clone()
    with movable(linear) as moved:
        assert moved.dtype == torch.float32
        moved.add_(1e-4)
        assert linear.weight.data_ptr() == moved.data_ptr() != dense.data_ptr()
    assert linear.weight is dense
    assert torch.equal(dense, start)


def test_a_model_in_bfloat16_loses_nothing_and_computes_in_float32(blip2_folder):
    model = huggingface.open_model(str(blip2_folder), Loading("cpu"))
    model.module.bfloat16()
    rounded = {name: value.float() for name, value in model.module.state_dict().items()}
    with in_float32(model.module, model.blocks.values()), torch.no_grad():
        found = model.loss(model.encode(samples()))
    wide = huggingface.open_model(str(blip2_folder), Loading("cpu"))
    wide.module.load_state_dict(rounded)
    assert torch.equal(found, wide.loss(wide.encode(samples())))
