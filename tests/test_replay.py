"""Replay: the same losses as whole passes, blocks before the change not run, forwards back afterwards."""

import pytest
import torch
from torch import nn

from ecoflap.replay import Replay


class Counting(nn.Module):
    """A block that counts its calls and returns a tuple, as T5's blocks do."""

    def __init__(self):
        super().__init__()
        self.linear, self.calls = nn.Linear(3, 3), 0

    def forward(self, x, scale=1.0):
        self.calls += 1
        return self.linear(x) * scale, None


@pytest.fixture
def chain():
    torch.manual_seed(0)
    blocks = {str(i): Counting() for i in range(4)}
    x = torch.randn(2, 3)

    def run():
        h = x
        with torch.no_grad():
            for block in blocks.values():
                h = block(h, scale=2.0)[0]
            return float(h.square().mean())

    return blocks, run


def test_blocks_before_the_change_are_not_run(chain):
    blocks, run = chain
    replay = Replay(blocks, run)
    assert replay.result == run()
    for block in blocks.values():
        block.calls = 0
    replay.start("2")
    assert [block.calls for block in blocks.values()] == [0, 0, 1, 1]
    assert replay.bytes == 4 * 2 * 3 * 4


def test_what_does_not_fit_runs_whole_passes_with_the_same_result(chain):
    blocks, run = chain
    fits, refuses = Replay(blocks, run, 4 * 2 * 3 * 4), Replay(blocks, run, 4 * 2 * 3 * 4 - 1)
    assert fits.start("2") == refuses.start("2")
    assert (fits.fits, refuses.fits, refuses.bytes) == (True, False, 0)
    for block in blocks.values():
        block.calls = 0
    refuses.start("2")
    assert [block.calls for block in blocks.values()] == [1, 1, 1, 1]


@torch.no_grad()
def test_a_change_gives_the_result_of_a_whole_pass(chain):
    blocks, run = chain
    expected = {}
    for name, block in blocks.items():
        block.linear.weight.add_(0.1)
        expected[name] = run()
        block.linear.weight.sub_(0.1)
    replay = Replay(blocks, run)
    assert replay.result == run()
    for name, block in blocks.items():
        block.linear.weight.add_(0.1)
        assert replay.start(name) == pytest.approx(expected[name], rel=1e-6)
        block.linear.weight.sub_(0.1)


def test_the_forwards_are_back_between_passes_and_after_an_error(chain):
    blocks, run = chain
    replay = Replay(blocks, run)
    replay.start("1")
    assert not any("forward" in block.__dict__ for block in blocks.values())
    blocks["2"].linear = None
    with pytest.raises(TypeError):
        replay.start("1")
    assert not any("forward" in block.__dict__ for block in blocks.values())


def test_a_forward_that_somebody_else_replaced_is_put_back(chain):
    blocks, run = chain
    other = blocks["1"].forward
    blocks["1"].forward = other
    Replay(blocks, run).start("2")
    assert blocks["1"].__dict__["forward"] is other


def test_a_block_that_never_ran_changes_nothing(chain):
    blocks, run = chain
    replay = Replay(blocks | {"idle": Counting()}, run)
    result = replay.result
    before = [block.calls for block in blocks.values()]
    assert replay.start("idle") == result
    assert [block.calls for block in blocks.values()] == before
