"""The contract of every method: weights untouched, cancelling, resuming to the last bit, order and choice of layers."""

import contextlib
import json
import math
from dataclasses import replace

import pytest
import torch

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.importance import registry
from ecoflap.importance.run import measure
from tests.importance.networks import network, task_of

every_method = pytest.mark.parametrize("method", registry.METHODS, ids=lambda method: method.name)


def until(count):
    """A progress that stops the run after `count` units."""
    return lambda step: step.done < count


@every_method
def test_weights_are_bit_identical_and_nothing_is_left_in_the_model(method):
    model = network()
    before = {name: (value.data_ptr(), value.clone()) for name, value in model.state_dict().items()}
    scored = measure(method, task_of(model))
    for name, value in model.state_dict().items():
        assert value.data_ptr() == before[name][0]
        assert torch.equal(value, before[name][1])
    assert all(layer.score > 0 for layer in scored)
    for module in model.modules():
        assert "forward" not in module.__dict__
        assert not (module._forward_hooks or module._forward_pre_hooks)
    assert not any(p.requires_grad and p._post_accumulate_grad_hooks for p in model.parameters())
    assert all(p.grad is None for p in model.parameters())


@every_method
def test_a_run_stopped_after_any_unit_goes_on_to_the_same_bytes(method):
    undisturbed = {}
    whole = [json.dumps(layer.to_json()) for layer in measure(method, task_of(network()), undisturbed)]
    for stop in range(len(undisturbed)):
        journal = {}
        with pytest.raises(Cancelled):
            measure(method, task_of(network()), journal, progress=until(stop))
        assert len(journal) == stop
        steps = []
        found = measure(method, task_of(network()), journal, progress=steps.append)
        assert [json.dumps(layer.to_json()) for layer in found] == whole
        assert [step.done for step in steps] == list(range(stop, len(undisturbed) + 1))
        assert journal == undisturbed


@every_method
def test_a_layers_score_does_not_depend_on_the_others(method):
    both = measure(method, task_of(network(), seed=3))
    alone = measure(method, task_of(network(), only=("second",), seed=3))
    # What is said of layers together is no score of one.
    first, other = (
        replace(layer, stats={n: v for n, v in layer.stats.items() if n != "joint"}) for layer in (both[1], alone[0])
    )
    assert first == other


@every_method
def test_cancelling_leaves_the_weights_alone(method):
    model = network()
    before = [value.clone() for value in model.parameters()]
    with pytest.raises(Cancelled):
        measure(method, task_of(model), progress=until(1))
    assert all(map(torch.equal, before, model.parameters()))


@every_method
def test_the_model_is_held_for_one_unit_at_a_time(method):
    task, held, most, values = task_of(network()), [], [], {}

    @contextlib.contextmanager
    def hold():
        held.append(1)
        most.append(len(held))
        yield
        held.pop()

    measure(method, task, values, hold, lambda step: not held)
    assert most == [1] * len(values)


@every_method
def test_progress_counts_every_unit_and_estimates_the_rest(method):
    steps = []
    measure(method, task_of(network()), progress=steps.append)
    assert [step.done for step in steps] == list(range(steps[-1].total + 1))
    assert math.isnan(steps[0].left)
    assert all(step.left >= 0 for step in steps[1:])
    assert steps[-1].left == 0


@pytest.mark.parametrize("method", [method for method in registry.METHODS if method.name != "local"])
def test_a_loss_that_is_no_number_is_named(method):
    """But for what does not look at the loss."""
    model = network()
    with torch.no_grad():
        model[2].bias.fill_(float("nan"))
    with pytest.raises(EcoflapError, match=r"not a finite number \(batch and layer: 0"):
        measure(method, task_of(model))


def test_an_unknown_method_is_named_with_the_choices():
    with pytest.raises(EcoflapError, match=r"method is 'second-order'.*zeroth-order, zeroth-order-block"):
        registry.find("second-order")
