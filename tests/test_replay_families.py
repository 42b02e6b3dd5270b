"""Replay on whole architectures: the numbers of plain forwards, and nothing run that the change cannot reach."""

from functools import partial

import pytest
import torch

from ecoflap.importance import zeroth_order
from ecoflap.importance.run import measure
from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Task, seed_of
from ecoflap.models import huggingface
from ecoflap.models.registry import open_model
from ecoflap.types import Loading
from tests import families
from tests.tiny import samples, save_blip2

EPS = Settings().eps


def blip2(kind, folder):
    """A tiny BLIP-2 and three samples whose prompts and answers differ in length."""
    model = huggingface.open_model(str(save_blip2(folder, kind)), Loading("cpu"))
    return model.module, dict(model.encode(samples()))


MAKERS = {
    "blip2-t5": partial(blip2, "t5"),
    "blip2-opt": partial(blip2, "opt"),
    "llava": lambda _: families.llava(),
    "qwen2-vl": lambda _: families.qwen2_vl(),
}


@pytest.fixture(params=list(MAKERS))
def made(request, tmp_path):
    """(model, batch) of every architecture, float32."""
    return MAKERS[request.param](tmp_path)


def one_per_block(task):
    """The last layer of every block, in execution order."""
    return list({layer.block: layer for layer in task.layers}.values())


@torch.no_grad()
def ends(weight, seed, loss):
    """Losses with the weight moved along its direction by eps and by -eps, and the weight back."""
    dense = weight.clone()
    z = torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed))
    found = []
    for step in (EPS, -EPS):
        weight.copy_(dense + step * z)
        found.append(float(loss()))
    weight.copy_(dense)
    return found


def test_losses_are_those_of_whole_passes(made):
    task = families.task_of(*made)
    replay = task.replay(0)
    for layer in one_per_block(task):
        weight, seed = task.linears[layer.name].weight, seed_of(0, layer.name, 0)
        plain = ends(weight, seed, lambda: task.loss(task.batches[0]))
        assert ends(weight, seed, partial(replay.start, layer.block)) == pytest.approx(plain, rel=0, abs=1e-6)


def test_scores_in_double_precision_are_those_of_whole_passes(made):
    model, batch = made
    wide = {key: value.double() if value.is_floating_point() else value for key, value in batch.items()}
    task = families.task_of(model.double(), wide)
    replay = task.replay(0)
    for layer in task.layers:
        weight, seed = task.linears[layer.name].weight, seed_of(0, layer.name, 0)
        above, below = ends(weight, seed, partial(replay.start, layer.block))
        plain = ends(weight, seed, lambda: task.loss(wide))
        assert abs(above - below) == pytest.approx(abs(plain[0] - plain[1]), rel=1e-5)


def test_the_methods_scores_are_those_of_a_plain_loop(made):
    task = families.task_of(*made)
    found = {layer.name: layer.score for layer in measure(zeroth_order.METHOD, task)}
    for layer in task.layers:
        seed = seed_of(0, layer.name, 0)
        above, below = ends(task.linears[layer.name].weight, seed, lambda: task.loss(task.batches[0]))
        # A loss is known to 1e-6 in float32, and the score is a difference of two over 2 eps.
        assert found[layer.name] == pytest.approx(abs(above - below) / (2 * EPS), rel=0, abs=1e-6 / EPS)
    assert sum(score > 100e-6 / EPS for score in found.values()) > len(found) / 4


def test_no_block_before_the_moved_one_computes(made, monkeypatch):
    task = families.task_of(*made)
    replay = task.replay(0)
    linear, used = torch.nn.functional.linear, []

    def counting(x, weight, *rest):
        used.append(weight)
        return linear(x, weight, *rest)

    monkeypatch.setattr(torch.nn.functional, "linear", counting)
    block_of = {id(task.linears[layer.name].weight): layer.block for layer in task.layers}
    order = list(task.blocks)
    for place, block in enumerate(order):
        used.clear()
        replay.start(block)
        computed = {block_of[id(weight)] for weight in used if id(weight) in block_of}
        assert computed == set(order[place:])


def test_a_language_block_moves_and_no_vision_weight_is_used(made):
    task = families.task_of(*made)
    replay = task.replay(0)
    vision = [task.linears[layer.name] for layer in task.layers if layer.modality == "vision"]
    assert vision
    expected = replay.result
    for linear in vision:
        linear.weight.fill_(float("nan"))
    for block in {layer.block for layer in task.layers if layer.modality == "language"}:
        assert replay.start(block) == expected


@torch.no_grad()
def test_t5s_position_bias_reaches_later_blocks(tmp_path):
    model, batch = blip2("t5", tmp_path)
    for stack in (model.language_model.encoder, model.language_model.decoder):
        task = families.task_of(model, batch)
        replay = task.replay(0)
        stack.block[1].layer[0].SelfAttention.q.weight.mul_(1.5)
        plain = float(task.loss(batch))
        block = next(name for name, module in task.blocks.items() if module is stack.block[1])
        assert float(replay.start(block)) == pytest.approx(plain, abs=1e-6)
        stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight.zero_()
        assert abs(float(task.loss(batch)) - plain) > 1e-3


def test_the_demos_losses_are_those_of_whole_passes():
    from ecoflap.data.registry import samples_for

    model = open_model("demo", Loading("cpu"))
    batch = model.encode(samples_for("demo", None, 4, 0).samples)
    task = Task(model.layers, model.linears, model.blocks, model.loss, [batch])
    replay = task.replay(0)
    for layer in one_per_block(task)[::4]:
        weight, seed = task.linears[layer.name].weight, seed_of(0, layer.name, 0)
        plain = ends(weight, seed, lambda: task.loss(batch))
        assert ends(weight, seed, partial(replay.start, layer.block)) == pytest.approx(plain, rel=0, abs=1e-6)
