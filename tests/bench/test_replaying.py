"""The bench of replay: the same draws on both sides, every layer's share, one thread."""

import pytest
import torch

from ecoflap.bench import replaying, timing
from ecoflap.importance import zeroth_order
from tests import families
from tests.importance import networks

# Two blocks in every stack, as wide as the real one's sixteenth.
SMALL = {
    "vision": replaying.SHAPE["vision"] | {"num_hidden_layers": 2, "image_size": 28},
    "bridge": replaying.SHAPE["bridge"] | {"num_hidden_layers": 2},
    "text": replaying.SHAPE["text"] | {"num_layers": 2},
    "queries": 4,
}


def fake_clock(monkeypatch):
    """Every measured piece of work takes as many seconds as it computes matrix products."""
    linear, products = torch.nn.functional.linear, []

    def counting(x, weight, *rest):
        products.append(1)
        return linear(x, weight, *rest)

    def seconds(work):
        products.clear()
        work()
        return float(len(products))

    monkeypatch.setattr(torch.nn.functional, "linear", counting)
    monkeypatch.setattr(replaying, "seconds", seconds)


def test_the_quotient_by_hand(monkeypatch):
    """Two blocks of one matrix: four whole passes of 2 products, against 2 for the first pass and 4 + 2."""
    fake_clock(monkeypatch)
    assert replaying.speedup(networks.task_of(networks.network()), 2) == pytest.approx(8 / (2 + 4 + 2))


def test_a_choice_of_layers_stands_for_all(monkeypatch):
    fake_clock(monkeypatch)
    task = families.task_of(*families.llava())
    assert replaying.speedup(task, len(task.layers) // 2) == pytest.approx(
        replaying.speedup(task, len(task.layers)), 0.1
    )


def test_both_sides_draw_the_same(monkeypatch):
    measured = []
    monkeypatch.setattr(replaying, "seconds", lambda work: measured.append(work()) or 1.0)
    replaying.speedup(families.task_of(*families.llava()), 7)
    pairs = [draw for (draw,) in measured[1:]]
    assert len(pairs) == 14
    assert max(pairs) > 0.01
    assert pairs[::2] == pytest.approx(pairs[1::2], rel=0, abs=1e-3)


def test_the_shape_has_the_real_models_blocks_and_matrices():
    task = replaying.blip2_task(replaying.SHAPE | {"vision": SMALL["vision"] | {"num_hidden_layers": 39}})
    stacks = {}
    for block in task.blocks:
        stack = block.rpartition(".")[0]
        stacks[stack] = stacks.get(stack, 0) + 1
    assert sorted(stacks.values()) == [1, 12, 24, 24, 39]
    assert len(task.layers) == 39 * 4 + 97 + 24 * 7 + 24 * 11


def test_its_batch_has_eight_pictures_and_a_finite_loss():
    task = replaying.blip2_task(SMALL)
    assert len(task.batches[0]["pixel_values"]) == 8
    assert torch.isfinite(task.loss(task.batches[0]))


def test_the_threads_are_back_afterwards():
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), timing.one_thread():
        assert torch.get_num_threads() == 1
        raise RuntimeError
    assert torch.get_num_threads() == before


def test_the_demos_task_is_one_batch_of_eight():
    task = replaying.demo_task()
    assert [len(batch["labels"]) for batch in task.batches] == [8]
    assert len(zeroth_order.units(task, {})) == 129
