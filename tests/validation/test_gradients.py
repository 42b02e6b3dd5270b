"""Scores against exact gradients, on a network small enough to know both."""

import math
from functools import partial

import pytest
import torch

from ecoflap.importance.task import seed_of
from ecoflap.importance.zeroth_order import draws
from ecoflap.validation import exact, gradients, plateau
from tests.importance.networks import made_batches, network, task_of


def silent(what, done, total):
    """A progress that nobody looks at."""


def test_exact_norms_are_those_of_a_backward_pass_on_each_batch():
    model = network()
    norms = exact.norms_of(task_of(model.requires_grad_(False)))
    assert not any(weight.requires_grad for weight in model.parameters())
    model.requires_grad_(True)
    for number, (inputs, classes) in enumerate(made_batches()):
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), classes).backward()
        assert norms["first"][number] == pytest.approx(float(model[0].weight.grad.norm()))
        assert norms["second"][number] == pytest.approx(float(model[2].weight.grad.norm()))


def test_many_draws_come_near_the_expected_ratio_and_the_order():
    tasks = [task_of(network(), draws=400, seed=seed) for seed in (1, 2)]
    found = gradients.by_draws(tasks, (1, 400), silent)
    assert found["rows"][1]["ratio"]["median"] == pytest.approx(gradients.EXPECTED, abs=0.06)
    assert found["rows"][1]["layers"]["mean"] == pytest.approx(1)
    assert found["pooled"]["draws"] == 800
    assert found["pooled"]["ratio"]["median"] == pytest.approx(gradients.EXPECTED, abs=0.05)
    assert [row["draws"] for row in found["rows"]] == [1, 400]


def test_fewer_draws_are_the_first_of_the_most():
    many = gradients.by_draws([task_of(network(), draws=4, seed=seed) for seed in (1, 2)], (1,), silent)
    one = gradients.by_draws([task_of(network(), draws=1, seed=seed) for seed in (1, 2)], (1,), silent)
    assert many["rows"] == one["rows"]


def test_the_plateau_takes_the_draws_that_scoring_takes():
    task = task_of(network(), draws=3, seed=5)
    weight, seed = task.linears["first"].weight, seed_of(5, "first", 0)
    dense = weight.detach().clone()
    run = partial(task.loss, task.batches[0])
    generator = torch.Generator().manual_seed(seed)
    directions = [torch.randn(weight.shape, generator=generator) for _ in range(3)]
    expected = sum(draws([task.linears["first"]], run, 3, 1e-3, [seed])) / 3
    assert plateau.central(weight.data, directions, 1e-3, run) == pytest.approx(expected, rel=1e-3)
    assert torch.equal(weight, dense)


def test_in_float64_the_error_grows_with_the_square_of_the_step():
    task = task_of(network(torch.float64), [(x.double(), y) for x, y in made_batches()], draws=3)
    before = [weight.clone() for weight in task.linears["first"].parameters()]
    with exact.InFloat64():
        small, large = plateau.measure(task, [1e-4, 1e-3], silent)
    assert large["error"]["median"] / small["error"]["median"] == pytest.approx(100, rel=0.05)
    assert all(map(torch.equal, before, task.linears["first"].parameters()))


def test_rounding_shows_at_the_short_end_in_float32():
    task = task_of(network(), draws=3)
    short, middle = plateau.measure(task, [1e-6, 1e-3], silent)
    assert short["error"]["median"] > 10 * middle["error"]["median"]


def test_what_asks_for_float32_gets_float64_inside_the_context():
    values = torch.tensor([1.0, 2.0], dtype=torch.float64)
    with exact.InFloat64():
        assert values.float().dtype == values.to(torch.float32).dtype == torch.float64
        assert torch.softmax(values, 0, dtype=torch.float32).dtype == torch.float64
    assert values.float().dtype == torch.float32


def test_the_section_on_the_demo():
    told = []
    found = gradients.measure(
        lambda *step: told.append(step), batches=1, size=1, seeds=2, counts=(1,), steps=(1e-3,), plateau_draws=1
    )
    assert found["layers"] == 129
    assert {what for what, _, _ in told} == {"seed 1/2", "seed 2/2", "float32", "float64"}
    assert all(math.isfinite(row["ratio"]["median"]) for row in found["rows"])
    assert found["plateau"]["float64"][0]["error"]["median"] < found["plateau"]["float32"][0]["error"]["median"]
