"""Sequential calibration against whole passes on the model masked so far, written out plainly."""

from contextlib import contextmanager

import pytest
import torch
from torch import nn

from ecoflap.errors import Cancelled
from ecoflap.masking import MaskedModel, Ranked, keep_mask, ranks, scope_of
from ecoflap.models import huggingface
from ecoflap.models.discovery import discover
from ecoflap.pruning import wanda
from ecoflap.pruning.sequential import Sequential
from ecoflap.types import Layer, Loading
from tests import families
from tests.tiny import samples


def from_folder(folder):
    """A saved tiny BLIP-2 with its samples, one by one."""
    model = huggingface.open_model(str(folder), Loading("cpu"))
    batches = [model.encode([sample]) for sample in samples()]
    return model.layers, model.linears, model.blocks, model.loss, batches


def from_family(make):
    module, batch = make()
    found = discover(module)
    blocks = {layer.block: module.get_submodule(layer.block) for layer in found.layers}
    parts = [batch, batch | {"pixel_values": batch["pixel_values"] * 2}]
    return found.layers, found.linears, blocks, lambda part: module(**part).loss, parts


class Counting(nn.Module):
    """A block that counts its calls and returns a tuple, as T5's blocks do."""

    def __init__(self):
        super().__init__()
        self.linear, self.calls = nn.Linear(4, 4, bias=False), 0

    def forward(self, x, scale=1.0):
        self.calls += 1
        return (x + self.linear(x).relu() * scale,)


def chain(path="0123", names="0123", second=None):
    """Blocks called in the order of `path`, listed in the order of `names`, on two batches; the second may differ."""
    torch.manual_seed(0)
    made = {name: Counting() for name in sorted(names)}
    blocks = {name: made[name] for name in names}
    layers = tuple(Layer(f"{name}.linear", name, "language", 4, 4) for name in names)

    def run(x):
        for name in path if x.shape[1] == 3 else second or path:
            x = blocks[name](x, scale=1.5)[0]
        return x

    batches = [torch.randn(1, 3, 4), torch.randn(1, 5, 4)]
    return layers, {layer.name: blocks[layer.block].linear for layer in layers}, blocks, run, batches


def half(layers):
    """Different counts in different layers, among them one that does not divide by the rows."""
    return {layer.name: layer.size * (3 + i % 4) // 9 for i, layer in enumerate(layers)}


def sequential(case, kept, masked=None, **more):
    layers, linears, blocks, run, batches = case
    masked = masked or MaskedModel(layers, linears)
    return Sequential(masked, blocks, run, batches, kept, wanda.importance, "paper", **more)


def masks(case, kept, ranked):
    return {layer.name: keep_mask(layer, kept[layer.name], ranked[layer.name]) for layer in case[0]}


@torch.no_grad()
def naive(case, kept):
    """Norms and keep-masks: for every block whole passes with hooks, then its smallest weights set to zero."""
    layers, linears, blocks, run, batches = case
    dense = {layer.name: linears[layer.name].weight.clone() for layer in layers}
    called, norms, keep = [], {}, {}
    hooks = [
        module.register_forward_pre_hook(lambda *_, name=name: called.append(name)) for name, module in blocks.items()
    ]
    run(batches[0])
    for hook in hooks:
        hook.remove()
    for block in [*dict.fromkeys(called), *(set(blocks) - set(called))]:
        inside = [layer for layer in layers if layer.block == block]
        sums = {layer.name: torch.zeros(layer.cols, dtype=torch.float64) for layer in inside}

        def add(_, inputs, name):
            sums[name] += inputs[0].reshape(-1, inputs[0].shape[-1]).square().sum(0).double()  # noqa: B023

        hooks = [
            linears[name].register_forward_pre_hook(lambda module, inputs, name=name: add(module, inputs, name))
            for name in sums
        ]
        for batch in batches:
            run(batch)
        for hook in hooks:
            hook.remove()
        for layer in inside:
            norms[layer.name] = (sums[layer.name] / len(batches)).sqrt().float()
            keep[layer.name] = smallest_out(layer, dense[layer.name].abs() * norms[layer.name], kept[layer.name])
            linears[layer.name].weight.mul_(keep[layer.name])
    for name, weight in dense.items():
        linears[name].weight.copy_(weight)
    return norms, keep


def smallest_out(layer, importance, kept):
    """True for what stays: the whole matrix compared in vision, each row elsewhere."""
    keep = torch.zeros(layer.rows, layer.cols, dtype=torch.bool)
    if layer.modality == "vision":
        order = sorted(range(layer.size), key=lambda i: float(importance.flatten()[i]))
        keep.view(-1)[order[layer.size - kept :]] = True
        return keep
    for row in range(layer.rows):
        stay = kept // layer.rows + (row < kept % layer.rows)
        order = sorted(range(layer.cols), key=lambda i: float(importance[row, i]))
        keep[row, order[layer.cols - stay :]] = True
    return keep


def assert_as_naive(case, **more):
    kept = half(case[0])
    norms, keep = naive(case, kept)
    solved = sequential(case, kept, **more).solve()
    found = masks(case, kept, solved.ranked)
    for layer in case[0]:
        assert torch.equal(solved.norms[layer.name], norms[layer.name]), layer.name
        assert torch.equal(found[layer.name], keep[layer.name]), layer.name


@pytest.mark.parametrize("most_bytes", [float("inf"), 3000, 0])
def test_blip2_as_whole_passes_block_by_block(blip2_folder, most_bytes):
    assert_as_naive(from_folder(blip2_folder), most_bytes=most_bytes)


@pytest.mark.parametrize("make", [families.llava, families.qwen2_vl])
def test_other_families_as_whole_passes_block_by_block(make):
    assert_as_naive(from_family(make))


@pytest.mark.parametrize(
    ("path", "names"),
    [("3120", "0123"), ("0101", "01"), ("0120", "012"), ("012", "0123"), ("1122", "012"), ("01012", "012")],
)
@pytest.mark.parametrize("most_bytes", [float("inf"), 0])
def test_execution_decides_the_order_also_of_blocks_called_twice_or_never(path, names, most_bytes):
    assert_as_naive(chain(path, names), most_bytes=most_bytes)


@pytest.mark.parametrize("second", ["1023", "3210", "13", "0"])
def test_batches_may_differ_in_the_blocks_that_they_call(second):
    assert_as_naive(chain("0123", "3210", second))


def test_the_first_block_is_as_in_dense_calibration_and_later_ones_are_not():
    case = chain()
    kept = half(case[0])
    solved, dense = sequential(case, kept).solve(), sequential(case, {"3.linear": 8}).solve()
    alone = {name: sequential(case, {name: 8}).solve().norms[name] for name in kept}
    assert torch.equal(solved.norms["0.linear"], alone["0.linear"])
    assert not torch.allclose(solved.norms["3.linear"], dense.norms["3.linear"])
    assert torch.equal(dense.norms["3.linear"], alone["3.linear"])


def test_each_block_runs_three_times_per_batch_and_from_the_beginning_where_memory_is_short():
    case = chain()
    sequential(case, half(case[0])).solve()
    # Learning the order, being measured, being masked; nothing needs the last one's masked output.
    assert [block.calls for block in case[2].values()] == [6, 6, 6, 4]
    case = chain()
    sequential(case, half(case[0]), most_bytes=0).solve()
    assert [block.calls for block in case[2].values()] == [10, 8, 6, 4]


def test_memory_is_bounded_over_all_batches():
    case = chain()
    # Outputs are 3 and 5 rows of 4 floats: 48 and 80 bytes. The second batch gives up when it has two.
    sequential(case, half(case[0]), most_bytes=2 * 48 + 2 * 80 - 1).solve()
    assert [block.calls for block in case[2].values()] == [7, 7, 6, 4]


def test_layers_that_keep_all_are_left_alone():
    case = chain()
    solved = sequential(case, {"1.linear": 5, "2.linear": 16}).solve()
    assert (list(solved.norms), list(solved.ranked)) == (["1.linear"], ["1.linear"])
    assert [block.calls for block in case[2].values()] == [4, 4, 2, 2]


def weights(case):
    return {name: linear.weight.detach().clone() for name, linear in case[1].items()}


def assert_untouched(case, before):
    assert all(torch.equal(value, before[name]) for name, value in weights(case).items())
    assert not any("forward" in block.__dict__ for block in case[2].values())
    assert not any(linear._forward_pre_hooks for linear in case[1].values())


def test_the_model_is_dense_afterwards_and_after_an_error_or_cancel():
    case = chain()
    before = weights(case)
    sequential(case, half(case[0])).solve()
    assert_untouched(case, before)
    told = []

    def stop(done, total):
        told.append((done, total))
        return done < 7

    with pytest.raises(Cancelled):
        sequential(case, half(case[0]), progress=stop).solve()
    assert told == [(done, 10) for done in range(1, 8)]
    assert_untouched(case, before)
    seen = []

    def fail(x):
        seen.append(1)
        return case[3](x if len(seen) < 6 else x[..., :3])

    with pytest.raises(RuntimeError):
        sequential((*case[:3], fail, case[4]), half(case[0])).solve()
    assert_untouched(case, before)


def test_others_may_have_the_model_between_passes():
    case = chain()
    kept = half(case[0])
    expected = sequential(case, kept).solve()
    masked = MaskedModel(case[0], case[1])
    other = {layer.name: Ranked(ranks(-masked.dense[layer.name], "row"), "row") for layer in case[0]}

    @contextmanager
    def hold():
        yield
        masked.apply({layer.name: 3 for layer in case[0]}, other)
        with torch.no_grad():
            case[3](torch.randn(1, 7, 4))

    found = sequential(case, kept, masked, hold=hold).solve()
    assert all(torch.equal(found.norms[name], norm) for name, norm in expected.norms.items())
    assert all(torch.equal(found.ranked[name].ranks, one.ranks) for name, one in expected.ranked.items())
    assert {one.scope for one in found.ranked.values()} == {scope_of(case[0][0], "paper")}
