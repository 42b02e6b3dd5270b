"""The bench sees a gradient that stays: streaming is far below an ordinary backward pass, not streaming is not."""

import pytest
import torch
from torch import nn

from ecoflap.bench import gradients
from ecoflap.importance.streaming import streamed

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
DEVICES = ("cpu", pytest.param("cuda", marks=gpu))
LAYERS, SIDE = 8, 64
# Memory of one gradient.
ONE = SIDE * SIDE * 4


def chain(device):
    """Weights of a chain of layers, and its loss."""
    torch.manual_seed(0)
    layers = [layer for _ in range(LAYERS) for layer in (nn.Linear(SIDE, SIDE), nn.Tanh())]
    model = nn.Sequential(*layers).to(device).requires_grad_(False)
    inputs = torch.randn(100, SIDE, device=device)
    return [linear.weight for linear in model[::2]], lambda: model(inputs).square().sum()


def hoarding(count):
    """A way that reduces nothing and keeps the last `count` gradients."""

    def way(weights, watch):
        kept = []

        def reduce(weight, gradient):
            with watch(gradient):
                kept.append(gradient)
                del kept[:-count]
                return torch.zeros(1, 3)

        return streamed(weights, reduce)

    return way


@pytest.mark.parametrize("device", DEVICES)
def test_streaming_keeps_one_gradient_and_its_working_copy(device):
    found = gradients.compared(*chain(device))
    assert found["ordinary_gradient_bytes"] == LAYERS * ONE
    # The sums themselves are a few bytes per matrix, a block of 512 on a GPU.
    assert 2 * ONE <= found["first_order_gradient_bytes"] <= 2 * ONE + LAYERS * 4 * 512
    assert found["first_order_gradient_memory_ratio"] < 0.5


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("count", [3, LAYERS])
def test_gradients_that_stay_are_counted(device, count):
    found = gradients.compared(*chain(device), hoarding(count))
    # One more is there while the oldest of `count` is.
    most = min(count + 1, LAYERS) / LAYERS
    assert found["first_order_gradient_memory_ratio"] == pytest.approx(most, rel=0.1)


def test_weights_are_as_they_were():
    weights, loss = chain("cpu")
    gradients.compared(weights, loss)
    assert all(w.grad is None and not w.requires_grad and not w._post_accumulate_grad_hooks for w in weights)


def test_the_peak_of_events_by_hand():
    def memory(ts, address, size):
        return {"name": "[memory]", "ts": ts, "args": {"Addr": address, "Bytes": size}}

    def mark(ts, address, duration):
        return {"name": f"weight gradient at {address}", "ph": "X", "ts": ts, "dur": duration}

    events = [
        memory(0, 7, 1000),  # an activation, at an address that a gradient takes later
        memory(1, 7, -1000),
        memory(2, 7, 100),
        mark(3, 7, 4),
        memory(4, 8, 30),  # a working copy
        memory(6, 8, -30),
        memory(8, 9, 500),  # the next step
        memory(9, 7, -100),
        memory(10, 9, -500),
        memory(11, 7, 70),
        mark(12, 7, 1),
    ]
    assert gradients._peak(events) == 130
