"""Blame: the losses of whole passes over weights set by hand, whoever else asks meanwhile, and nothing left behind."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from ecoflap import blaming
from ecoflap.allocation import allocate
from ecoflap.blaming import restore
from ecoflap.breaking import Reply, same_words
from ecoflap.engine import Engine
from ecoflap.errors import EcoflapError
from ecoflap.explorer import Explorer
from ecoflap.models.base import VisionLanguageModel
from ecoflap.models.discovery import discover
from ecoflap.models.kinds import Description
from ecoflap.types import Answer, Loading, Recipe, Sample, ScoreBundle
from tests import families
from tests.tiny import weights

PICTURE = Image.new("RGB", (40, 32), "red")
QUESTION = "what is there ?"
RECIPE = Recipe(0.6, allocator="uniform", pruner="magnitude")
EXACT = {"rel": 0, "abs": 2e-6}


class Wrapped(VisionLanguageModel):
    """A transformers model with one batch, for its loss alone: it answers in one word, whatever is asked."""

    name = spec = "wrapped"
    folder, resized = None, False

    def __init__(self, module, batch):
        found = discover(module)
        self.module, self._batch = module, batch
        self.layers, self.linears, self.dense = found.layers, found.linears, found.dense

    def encode(self, samples):
        return self._batch

    def loss(self, batch):
        return self.module(**batch).loss.float()

    def losses(self, batch):
        return self.loss(batch)[None], torch.ones(1)

    def answer(self, samples, max_new_tokens=64):
        return [Answer("word", ("word",), (1.0,))] * len(samples)

    def save(self, folder):
        raise NotImplementedError


def wrapped(make):
    """What blame needs of an explorer, around a tiny model of a family."""
    engine = Engine(Wrapped(*make()))
    bundle = ScoreBundle("wrapped", "shapes", engine.model.layers)
    return SimpleNamespace(
        engine=engine,
        described=Description(),
        check_scored=lambda recipe: None,
        wait=lambda: engine,
        allocate=lambda recipe: allocate(bundle, recipe),
        dense=lambda image, question: Answer("word", ("word",), (1.0,)),
    )


def opened(kind, tmp_path, sample_folder):
    from tests.tiny import save_blip2

    (tmp_path / kind).mkdir()
    explorer = Explorer.open(str(save_blip2(tmp_path / kind, kind)), None, Loading("cpu"), str(sample_folder))
    assert explorer.wait_prepared().ready
    return explorer


@pytest.fixture(params=["t5", "opt", "llava", "qwen2_vl"])
def explorer(request, tmp_path, sample_folder):
    """Encoder-decoder, decoder behind a Q-Former, LLaVA, and Qwen2-VL with its merger."""
    if request.param in ("t5", "opt"):
        explorer = opened(request.param, tmp_path, sample_folder)
        yield explorer
        explorer.close()
    else:
        yield wrapped(getattr(families, request.param))


@pytest.fixture
def t5(tmp_path, sample_folder):
    explorer = opened("t5", tmp_path, sample_folder)
    yield explorer
    explorer.close()


@torch.no_grad()
def by_hand(explorer, recipe):
    """(dense loss, pruned loss, loss by restored block) from whole passes over weights that are set one by one."""
    engine = explorer.engine
    dense, allocation = weights(engine), explorer.allocate(recipe)
    sample = Sample(PICTURE, QUESTION, explorer.dense(PICTURE, QUESTION).text)
    engine.prune(allocation, recipe)
    pruned = weights(engine)
    batch, model = engine.model.encode([sample]), engine.model
    losses = {}
    for block in dict.fromkeys(layer.block for layer in model.layers):
        for layer in model.layers:
            source = dense if layer.block == block else pruned
            model.linears[layer.name].weight.copy_(source[layer.name])
        losses[block] = float(model.loss(batch))
    for found in (pruned, dense):
        for name, linear in model.linears.items():
            linear.weight.copy_(found[name])
        losses[id(found)] = float(model.loss(batch))
    engine.masked._state = dict.fromkeys(engine.masked.layers)
    cut = {layer.block for layer, kept in zip(allocation.layers, allocation.kept) if kept < layer.size}
    return losses[id(dense)], losses[id(pruned)], {block: losses[block] for block in losses if block in cut}


def harmful(explorer):
    """A recipe that raises the loss of the dense answer."""
    for target in (0.6, 0.7, 0.8, 0.9, 0.5, 0.4, 0.3):
        recipe = replace(RECIPE, target=target)
        dense, pruned, restored = by_hand(explorer, recipe)
        if pruned - dense > 0.01:
            return recipe, dense, pruned, restored
    raise AssertionError("no target harms this answer")


@pytest.mark.parametrize("most", [2**32, 2000, 0])
def test_losses_are_those_of_whole_passes_and_shares_follow(explorer, most):
    recipe, dense, pruned, restored = harmful(explorer)
    before = weights(explorer.engine)
    blame = [*restore(explorer, PICTURE, QUESTION, recipe, most)][-1]
    assert (blame.dense_loss, blame.pruned_loss) == pytest.approx((dense, pruned), **EXACT)
    assert dict(blame.losses) == pytest.approx(restored, **EXACT)
    wanted = {block: (pruned - loss) / (pruned - dense) for block, loss in restored.items()}
    assert blame.shares == pytest.approx(wanted, abs=1e-4)
    assert [*blame.shares.values()] == sorted(blame.shares.values(), reverse=True)
    assert blame.blocks == len(restored) and blame.left == 0
    explorer.engine.prune(None)
    assert all(torch.equal(value, before[name]) for name, value in weights(explorer.engine).items())


def test_only_blocks_that_lost_weights_are_restored(t5):
    spared = t5.bundle.layers[0].block
    recipe = Recipe(0.5, overrides={spared: 0.0})
    blame = [*restore(t5, PICTURE, QUESTION, recipe)][-1]
    assert spared not in blame.losses
    bridge = {layer.block for layer in t5.bundle.layers if layer.modality == "bridge"}
    assert not bridge & set(blame.losses) and len(blame.losses) == blame.blocks


def test_others_may_use_the_model_between_blocks(t5):
    alone = [*restore(t5, PICTURE, QUESTION, RECIPE)][-1]
    states = []
    for blame in restore(t5, PICTURE, QUESTION, RECIPE):
        states.append(blame)
        t5.engine.prune(t5.allocate(Recipe(0.3)), Recipe(0.3))
    assert dict(states[-1].losses) == pytest.approx(dict(alone.losses), rel=0, abs=1e-7)
    assert states[-1].heard == alone.heard


def test_whoever_stops_leaves_the_model_as_everybody_needs_it(t5):
    dense = weights(t5.engine)
    said = t5.ask(PICTURE, QUESTION, Recipe(0.4)).pruned
    states = restore(t5, PICTURE, QUESTION, RECIPE)
    next(states), next(states)
    states.close()
    t5._answers._values.clear()
    assert t5.ask(PICTURE, QUESTION, Recipe(0.4)).pruned == said
    t5.engine.prune(None)
    assert all(torch.equal(value, dense[name]) for name, value in weights(t5.engine).items())
    assert not any("forward" in module.__dict__ for module in t5.engine.model.module.modules())


def test_the_best_blocks_are_heard_where_the_answer_is_wrong(t5):
    blame = [*restore(t5, PICTURE, QUESTION, RECIPE)][-1]
    dense = t5.dense(PICTURE, QUESTION)
    assert blame.dense == dense.text and not blame.pruned.same
    assert list(blame.heard) == list(blame.shares)[: len(blame.heard)] and len(blame.heard) == 3
    allocation = t5.allocate(RECIPE)
    for block, heard in blame.heard.items():
        kept = {
            layer.name: layer.size if layer.block == block else count
            for layer, count in zip(allocation.layers, allocation.kept)
        }
        with t5.engine.held():
            t5.engine.masked.apply(kept, t5.engine.ranked(RECIPE))
            said = t5.engine.model.answer([Sample(PICTURE, QUESTION, "")])[0].text
        assert said.startswith(heard.answer) if heard.cut else heard == Reply(said, same_words(said, dense.text), False)


def test_nothing_pruned_is_nothing_to_blame(t5):
    states = [*restore(t5, PICTURE, QUESTION, Recipe(0.0))]
    assert len(states) == 1 and states[0].shares == {} and states[0].left == 0
    assert states[0].dense_loss == states[0].pruned_loss and states[0].pruned.same


def test_progress_counts_down(t5):
    left = [blame.left for blame in restore(t5, PICTURE, QUESTION, RECIPE)]
    assert left == sorted(left, reverse=True) and left[-1] == 0


def test_a_recipe_that_cannot_be_is_an_error(t5):
    with pytest.raises(EcoflapError, match="nowhere"):
        next(restore(t5, PICTURE, QUESTION, Recipe(0.5, overrides={"nowhere": 0.2})))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_one_sentence(t5, monkeypatch, value):
    monkeypatch.setattr(blaming, "_recorded", lambda *_: SimpleNamespace(result=torch.tensor(value)))
    with pytest.raises(EcoflapError, match=f"no finite number.*pruned {value}"):
        next(restore(t5, PICTURE, QUESTION, RECIPE))


def test_a_block_without_a_finite_loss_is_left_out(t5, monkeypatch):
    recipe, *_ = harmful(t5)
    real, gone = blaming._Restorer.loss_with, []

    def loss_with(self, block):
        loss = real(self, block)
        gone.append(block)
        return float("nan") if block == gone[0] else loss

    monkeypatch.setattr(blaming._Restorer, "loss_with", loss_with)
    blame = [*restore(t5, PICTURE, QUESTION, recipe)][-1]
    assert len(gone) > 1 and blame.shares.keys() == blame.losses.keys() == {*gone[1:]}
    assert blame.left == 0
