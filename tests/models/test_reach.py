"""Matrices that no pass uses are found by one pass, on toy models that are wired in every way that matters."""

from functools import partial

import pytest
import torch
from torch import nn

from ecoflap.models import findings
from ecoflap.models.discovery import discover
from ecoflap.models.reach import narrowed


class Block(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.up, self.down = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        return x + self.down(torch.tanh(self.up(x)))


class Toy(nn.Module):
    """Two blocks of vision, a projector and two blocks of language; `read` and `cut` say how they are wired."""

    def __init__(self, read=2, cut=None, head=False):
        super().__init__()
        torch.manual_seed(0)
        self.vision_tower = nn.ModuleDict({"layers": nn.ModuleList([Block(), Block()])})
        self.projector = nn.Linear(4, 4)
        self.language_model = nn.ModuleDict({"layers": nn.ModuleList([Block(), Block()])})
        if head:
            self.language_model["heads"] = nn.ModuleList([Block()])
        self.read, self.cut, self.passes = read, cut, 0

    def forward(self, x):
        self.passes += 1
        states = [x]
        for block in self.vision_tower["layers"]:
            states.append(block(states[-1]))
        x = states[self.read]
        if self.cut == "detached":
            x = x.detach()
        x = self.projector(x)
        for block in self.language_model["layers"]:
            x = block(x)
        return x.square().mean()


def narrow(model, x=None):
    x = torch.ones(1, 4) if x is None else x
    return narrowed(discover(model), model.requires_grad_(False), partial(model, x))


def names(found):
    return [layer.name for layer in found.layers]


def test_a_model_that_uses_everything_keeps_everything():
    model = Toy()
    found = narrow(model)
    assert found == discover(model)
    assert len(found.layers) == 9
    assert model.passes == 1


def test_a_tower_read_before_its_last_block_loses_that_block():
    found = narrow(Toy(read=1))
    assert found.unused == ("vision_tower.layers.1.up", "vision_tower.layers.1.down")
    assert "vision_tower.layers.0.up" in names(found)
    assert set(found.linears) == set(names(found))


def test_what_never_runs_is_unused_and_counts_as_dense():
    found = narrow(Toy(head=True))
    assert found.unused == ("language_model.heads.0.up", "language_model.heads.0.down")
    assert dict(found.dense)["unused"] == 2 * 16
    weights = sum(layer.size for layer in found.layers) + sum(dict(found.dense).values())
    assert weights == sum(p.numel() for p in Toy(head=True).parameters())


def test_a_tower_behind_a_cut_graph_stays_because_it_changes_the_loss():
    model = Toy(cut="detached")
    assert narrow(model).unused == ()
    assert model.passes == 2


def test_a_tower_that_runs_without_gradients_stays():
    model = Toy()
    for block in model.vision_tower["layers"]:
        block.forward = torch.no_grad()(block.forward)
    assert narrow(model).unused == ()


def test_a_closed_gate_is_no_reason():
    model = Toy()
    with torch.no_grad():
        model.projector.weight.zero_()
    assert narrow(model).unused == ()


def test_the_model_is_as_it_was():
    model = Toy(read=1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    narrow(model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(p.requires_grad or p.grad is not None for p in model.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_hooks_are_gone_when_the_pass_fails():
    model = Toy()
    with pytest.raises(RuntimeError):
        narrow(model, torch.ones(1, 5))
    assert not any(module._forward_hooks for module in model.modules())
    assert not any(p.requires_grad for p in model.parameters())


class Taking(nn.Module):
    """A block that takes weights without calling their layers, as torch's own attention does."""

    def __init__(self):
        super().__init__()
        self.query, self.out = nn.Linear(4, 4), nn.Linear(4, 4)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        x = (x + nn.functional.linear(x, self.query.weight, self.query.bias))[None]
        return self.out(self.attention(x, x, x)[0][0])


def test_weights_that_are_taken_without_a_call_stay_dense_and_are_not_called_unused():
    model = Toy(head=True)
    model.language_model["layers"][1] = Taking()
    found = narrow(model)
    place = "language_model.layers.1"
    assert found.uncalled == (f"{place}.query", f"{place}.attention.out_proj")
    assert found.unused == ("language_model.heads.0.up", "language_model.heads.0.down")
    assert f"{place}.out" in names(found) and not set(names(found)) & {*found.uncalled, *found.unused}
    assert (dict(found.dense)["uncalled"], dict(found.dense)["unused"]) == (2 * 16, 2 * 16)
    text = findings.sentence(found)
    assert f"their inputs cannot be measured: matrices 2, the first is {place}.query." in text
    assert "no pass uses them: matrices 2, the first is language_model.heads.0.up." in text


class Choosing(nn.Module):
    """A block of three experts, of which a sample sees one."""

    def __init__(self):
        super().__init__()
        self.experts = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])

    def forward(self, x):
        return self.experts[1](x)


def test_experts_that_were_not_chosen_stay():
    model = Toy()
    model.language_model["layers"][1] = Choosing()
    found = narrow(model)
    assert found.unused == ()
    assert [name for name in names(found) if "expert" in name] == [
        f"language_model.layers.1.experts.{i}" for i in range(3)
    ]


class Opened(Block):
    """A block whose parts the model calls itself."""

    def forward(self, x):
        raise AssertionError("nobody calls this")


def test_a_block_that_nobody_calls_is_split_into_its_matrices():
    model = Toy()
    block = model.language_model["layers"][0] = Opened()
    plain = model.forward

    def opened(x):
        block.forward = partial(Block.forward, block)
        return plain(block.down(block.up(x)))

    model.language_model["layers"][0] = nn.Identity()
    model.aside = nn.ModuleList([block])
    found = narrowed(discover(model), model.requires_grad_(False), partial(opened, torch.ones(1, 4)))
    assert {layer.name: layer.block for layer in found.layers if "aside" in layer.name} == {
        "aside.0.up": "aside.0.up",
        "aside.0.down": "aside.0.down",
    }


def test_the_sentence_says_what_was_found():
    text = findings.sentence(narrow(Toy(read=1)))
    assert "Vision tower (vision_tower): prunable matrices 2, blocks 1." in text
    assert "Bridge: prunable matrices 1, blocks 1." in text
    assert "Language model (language_model): prunable matrices 4, blocks 2." in text
    assert "no pass uses them: matrices 2, the first is vision_tower.layers.1.up." in text


def test_the_sentence_says_what_is_missing_and_what_experts_keep():
    model = Toy()
    del model.projector
    model.language_model["layers"][0].experts = nn.Module()
    model.language_model["layers"][0].experts.gate_up = nn.Parameter(torch.ones(3, 4, 8))
    text = findings.sentence(discover(model))
    assert "Bridge: no prunable matrices found." in text
    assert "Not pruned: 96 parameters of expert weights" in text


def test_the_sentence_misses_nothing_that_such_a_model_never_has():
    model = Toy()
    del model.projector
    assert "Bridge" not in findings.sentence(discover(model), kind="zero-shot")
    del model.vision_tower
    text = findings.sentence(discover(model), kind="text")
    assert text.startswith("Language model") and "Vision" not in text
