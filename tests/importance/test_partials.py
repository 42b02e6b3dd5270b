"""What is known while a method measures: more with every unit, the final scores at the end, never finished before."""

import math
from itertools import pairwise

import pytest

from ecoflap.errors import Cancelled
from ecoflap.importance import registry
from ecoflap.importance.run import measure
from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Task
from tests.importance.networks import network, task_of

every_method = pytest.mark.parametrize("method", registry.METHODS, ids=lambda method: method.name)


def followed(method, **settings):
    """(the layers known after every unit, those that the run gave)."""
    looks, seen = [], []
    result = measure(
        method, task_of(network(), **settings), {}, progress=lambda _: seen.append(looks[0]()), watch=looks.append
    )
    return seen, result


@every_method
def test_the_last_look_is_the_result(method):
    seen, result = followed(method)
    assert seen[-1] == result
    assert seen[0] == (None,) * len(result)


@every_method
def test_a_layer_that_is_known_stays_known(method):
    seen, _ = followed(method)
    for before, after in pairwise(seen):
        assert all(new is not None for old, new in zip(before, after) if old is not None)


@every_method
def test_what_is_known_are_scores_that_a_bundle_could_hold(method):
    seen, result = followed(method)
    for found in seen:
        for layer, final in zip(found, result):
            assert layer is None or (math.isfinite(layer.score) and layer.name == final.name)


def test_the_error_shrinks_with_more_batches():
    seen, _ = followed(registry.find("zeroth-order"), draws=16)
    first = next(found for found in seen if None not in found)
    assert all(after.stderr < before.stderr for before, after in zip(first, seen[-1]))


@every_method
def test_a_stopped_run_is_no_result_however_much_is_known(method):
    looks, journal = [], {}
    total = method.cost(task_of(network()))[0]
    with pytest.raises(Cancelled):
        measure(method, task_of(network()), journal, progress=lambda step: step.done < total - 1, watch=looks.append)
    assert len(journal) == total - 1 or method.name == "response"
    if method.name.startswith("zeroth-order"):
        assert None not in looks[0]() and looks[0]() != measure(method, task_of(network()), dict(journal))


@every_method
def test_looking_measures_nothing(method):
    def fail(batch):
        raise AssertionError("the model was run")

    model = network()
    whole = task_of(model)
    measured = {}
    measure(method, whole, measured)
    blind = Task(whole.layers, whole.linears, whole.blocks, fail, whole.batches, whole.settings, losses=fail)
    assert None not in method.layers(blind, measured)


def test_the_cost_is_known_without_running_anything():
    task = task_of(network(), draws=3)
    empty = Task(task.layers, task.linears, task.blocks, task.loss, [None] * 5, Settings(draws=3))
    costs = {method.name: method.cost(empty) for method in registry.METHODS}
    # Two blocks: passes from the first run both, from the second one of them.
    assert costs["zeroth-order"] == (10, 5 * (2 + 1) * 2 * 3)
    assert costs["zeroth-order-block"] == costs["zeroth-order"]
    assert costs["first-order"] == (5, 5 * 3 * 2)
    assert costs["response"][1] > 0
    assert costs["local"] == (5 + 2, 5 * 2 + 2)
