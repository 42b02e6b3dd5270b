"""First-order scores: autograd's numbers, one gradient at a time, recomputed where memory asks, nothing left behind."""

import math
import weakref
from functools import partial

import pytest
import torch
from torch import nn

from ecoflap.importance import streaming
from ecoflap.importance.first_order import METHOD
from ecoflap.importance.run import measure
from ecoflap.importance.settings import GRADIENTS, Settings
from ecoflap.importance.streaming import gradient_sums, reduced, streamed
from ecoflap.importance.task import Task
from ecoflap.models import huggingface
from ecoflap.types import Loading
from tests import families
from tests.importance.networks import network, task_of
from tests.tiny import samples, save_blip2


def blip2(kind, folder):
    """A tiny BLIP-2 with batches of two samples and one."""
    model = huggingface.open_model(str(save_blip2(folder, kind)), Loading("cpu"))
    batches = [model.encode(samples()[:2]), model.encode(samples()[2:])]
    return Task(model.layers, model.linears, model.blocks, model.loss, batches)


MAKERS = {
    "network": lambda _: task_of(network()),
    "blip2-t5": partial(blip2, "t5"),
    "blip2-opt": partial(blip2, "opt"),
    "llava": lambda _: families.task_of(*families.llava()),
    "qwen2-vl": lambda _: families.task_of(*families.qwen2_vl()),
}
every_model = pytest.mark.parametrize("made", MAKERS.values(), ids=MAKERS)


def naive(weight, gradient):
    """The three sums in float64, written out."""
    w, g = weight.detach().double(), gradient.double()
    return [float(total) for total in (g.abs().sum(), (w.abs() * g.abs()).sum(), (w**2 * g**2).sum())]


def naive_sums(task):
    """The three sums of every layer and batch, from whole gradients: name -> (batches, 3)."""
    weights = {layer.name: task.linears[layer.name].weight.requires_grad_(True) for layer in task.layers}
    found = {name: [] for name in weights}
    for batch in task.batches:
        gradients = torch.autograd.grad(task.loss(batch), list(weights.values()), allow_unused=True)
        for (name, weight), gradient in zip(weights.items(), gradients):
            found[name].append([0.0] * 3 if gradient is None else naive(weight, gradient))
    for weight in weights.values():
        weight.requires_grad_(False)
    return found


def means(batches):
    return [sum(values) / len(values) for values in zip(*batches)]


def stats(layer):
    return [layer.stats[f"first_order.{name}"] for name in GRADIENTS]


@every_model
def test_scores_are_autograds_numbers(made, tmp_path):
    task = made(tmp_path)
    expected = naive_sums(task)
    for layer in measure(METHOD, task):
        assert stats(layer) == pytest.approx(means(expected[layer.name]), rel=1e-6)
        assert layer.draws == len(task.batches)


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_the_setting_names_the_score_and_its_error_is_over_batches(gradient):
    task = task_of(network(), gradient=gradient)
    expected = naive_sums(task)
    for layer in measure(METHOD, task):
        one, two = (values[GRADIENTS.index(gradient)] for values in expected[layer.name])
        assert layer.score == layer.stats[f"first_order.{gradient}"] == pytest.approx((one + two) / 2, rel=1e-6)
        assert layer.stderr == pytest.approx(abs(one - two) / 2, rel=1e-4)
    task.batches = task.batches[:1]
    assert {(layer.stderr, layer.draws) for layer in measure(METHOD, task)} == {(None, 1)}


def test_sums_of_a_matrix_by_hand_in_any_type_and_in_parts(monkeypatch):
    weight, gradient = torch.tensor([[1.0, -2.0], [3.0, 0.5]]), torch.tensor([[-4.0, 1.0], [0.0, 2.0]])
    for chunk in (1, 3, 4):
        monkeypatch.setattr(streaming, "CHUNK", chunk)
        for dtype in (torch.float32, torch.bfloat16, torch.float16):
            parts = reduced(weight.to(dtype), gradient.to(dtype))
            assert len(parts) == (1 if chunk == 4 else 2)
            assert parts.sum(0).tolist() == [7.0, 4 + 2 + 1, 16 + 4 + 1]


def test_parts_are_added_in_float64(monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK", 1)
    weight, gradient = nn.Parameter(torch.ones(3, 1)), torch.tensor([[2.0**24], [1.0], [1.0]])
    assert gradient_sums([weight], [], lambda: (weight * gradient).sum(), math.inf)[0][0] == 2**24 + 2


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_gradients_are_summed_in_float32(dtype):
    task = task_of(network(dtype))
    task.batches = [(inputs.to(dtype), classes) for inputs, classes in task.batches]
    expected = naive_sums(task)
    for layer in measure(METHOD, task):
        assert stats(layer) == pytest.approx(means(expected[layer.name]), rel=1e-6)


def test_no_gradient_outlives_the_step_that_made_it():
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(5, 5) for _ in range(6)))
    seen, alive = [], []

    def reduce(weight, gradient):
        alive.append(sum(earlier() is not None for earlier in seen))
        seen.append(weakref.ref(gradient.untyped_storage()))
        return reduced(weight, gradient)

    with streamed([linear.weight for linear in model], reduce) as found:
        model(torch.randn(3, 5)).sum().backward()
        assert all(linear.weight.grad is None for linear in model)
    assert alive == [0] * 6
    assert len(found) == 6


def test_a_weight_used_twice_is_reduced_once_with_the_total():
    one, two = nn.Linear(4, 4), nn.Linear(4, 4)
    two.weight = one.weight
    inputs = torch.randn(3, 4)

    def loss():
        return (two(one(one(inputs)).tanh()) ** 2).sum()

    expected = naive(one.weight, torch.autograd.grad(loss(), one.weight)[0])
    calls = []
    with streamed([one.weight, two.weight], lambda weight, gradient: calls.append(gradient)):
        loss().backward()
    assert len(calls) == 1
    for found in gradient_sums([one.weight, two.weight], [one, two], loss, math.inf):
        assert found == pytest.approx(expected, rel=1e-6)


def test_what_a_batch_never_used_scores_zero():
    used, unused = nn.Linear(3, 2), nn.Linear(3, 2)
    found = gradient_sums([unused.weight, used.weight], [], lambda: used(torch.ones(1, 3)).sum(), math.inf)
    assert found[0] == [0.0] * 3
    assert found[1][0] == 6.0
    assert gradient_sums([unused.weight], [], lambda: torch.tensor(1.0), math.inf) == [[0.0] * 3]


@every_model
def test_recomputed_blocks_give_the_same_numbers(made, tmp_path):
    kept, again = {}, {}
    task = made(tmp_path)
    measure(METHOD, task, kept)
    task.settings, runs = Settings(replay_bytes=0), []
    for block in task.blocks.values():
        block.forward = partial(run_and_count, block.forward, runs)
    own = [block.forward for block in task.blocks.values()]
    measure(METHOD, task, again)
    assert again.keys() == kept.keys()
    for name, values in kept.items():
        assert again[name] == pytest.approx(values, rel=1e-6)
    # Every block runs once forward and once more backward, but for those that come before the pass is given up.
    assert len(runs) >= 2 * len(task.blocks) * len(task.batches)
    assert [block.forward for block in task.blocks.values()] == own


def run_and_count(forward, runs, *inputs, **named):
    runs.append(1)
    return forward(*inputs, **named)


def passes(most_bytes, loss_of=lambda forward: forward):
    """How often a chain of four blocks, 240 bytes of activations each, runs each of them for one batch's sums."""
    torch.manual_seed(0)
    runs = []
    blocks = [nn.Linear(10, 10) for _ in range(4)]
    inputs = torch.randn(6, 10)
    for block in blocks:
        block.requires_grad_(False)
        block.forward = partial(run_and_count, block.forward, runs)

    def forward():
        last = nn.Sequential(*blocks)(inputs)
        return (last * last).sum()

    gradient_sums([block.weight for block in blocks], blocks, loss_of(forward), most_bytes)
    return len(runs)


def test_blocks_are_recomputed_only_where_activations_exceed_the_bound():
    # Inputs of four blocks and of the product, kept twice but there once; the weights count nothing.
    assert passes(5 * 240) == 4
    # Given up behind the last block, then once forward and once backward.
    assert passes(5 * 240 - 1) == 4 + 8


def test_a_gpu_without_memory_left_recomputes():
    def short_at_first(forward):
        left = [1]

        def loss():
            if left:
                left.pop()
                raise torch.OutOfMemoryError
            return forward()

        return loss

    assert passes(math.inf, short_at_first) == 8


def test_a_gpu_that_is_too_small_even_so_says_so():
    def never(forward):
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        passes(math.inf, lambda forward: partial(never, forward))


@pytest.mark.parametrize("most_bytes", [math.inf, 0])
def test_everything_is_back_after_an_error(most_bytes, monkeypatch):
    model = network()
    model[0].weight.requires_grad_(False)
    model[2].weight.grad = kept = torch.ones(3, 8)
    weights = [model[0].weight, model[2].weight]

    def broken(weight, gradient):
        raise ValueError("broken")

    monkeypatch.setattr(streaming, "reduced", broken)
    with pytest.raises(ValueError, match="broken"):
        gradient_sums(weights, [model[0], model[2]], lambda: model(torch.ones(2, 6)).sum(), most_bytes)
    assert [weight.requires_grad for weight in weights] == [False, True]
    assert weights[0].grad is None and weights[1].grad is kept
    assert not any(weight._post_accumulate_grad_hooks for weight in weights)
    assert not any("forward" in module.__dict__ for module in model)


def test_nothing_but_the_scored_weights_gets_a_gradient():
    model = network()
    assert model[0].bias.requires_grad
    seen = []
    model[0].bias.register_post_accumulate_grad_hook(seen.append)
    with torch.no_grad():
        assert measure(METHOD, task_of(model, only=("second",)))[0].score > 0
    assert seen == []
    assert all(parameter.grad is None for parameter in model.parameters())
