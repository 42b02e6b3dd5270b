"""What every model that can be explored keeps to, whichever library it comes from: classes inherit `Conformance`."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from ecoflap.allocation import allocate
from ecoflap.engine import Engine
from ecoflap.errors import Cancelled
from ecoflap.export import save_pruned
from ecoflap.importance.settings import Settings
from ecoflap.types import Recipe
from ecoflap.ui.naming import layer_words
from tests.models.opened import WORDS, Opened, stacks, weights

CLOSE = {"rel": 1e-4, "abs": 1e-5}


class Conformance(Opened):
    """The suite; see `Opened` for what a class has to give."""

    def test_layers_are_found_where_they_are(self, model, expected):
        assert stacks(model) == expected
        for layer in model.layers:
            assert f"{layer.name}.".startswith(f"{layer.block}.")
            linear = model.linears[layer.name]
            assert linear is model.module.get_submodule(layer.name)
            assert tuple(linear.weight.shape) == (layer.rows, layer.cols)

    def test_every_parameter_is_prunable_or_named_as_dense(self, model):
        prunable = sum(layer.size for layer in model.layers)
        assert prunable + sum(size for _, size in model.dense) == sum(p.numel() for p in model.module.parameters())

    def test_no_two_layers_have_the_same_words(self, model):
        words = Counter(layer_words(layer) for layer in model.layers)
        assert [text for text, count in words.items() if count > 1] == []

    def test_every_layer_is_called_in_a_pass(self, model, samples):
        called = Counter()
        hooks = [
            linear.register_forward_hook(lambda *_, name=name: called.update([name]))
            for name, linear in model.linears.items()
        ]
        model.loss(model.encode(samples))
        for hook in hooks:
            hook.remove()
        assert [name for name in model.linears if not called[name]] == []

    def test_the_loss_is_that_of_answers_grown_token_by_token(self, model, reference, samples):
        for sample in samples:
            expected = reference.losses(sample)
            total, count = model.losses(model.encode([sample]))
            assert int(count[0]) == len(expected)
            assert float(total[0]) == pytest.approx(sum(expected), **CLOSE)
            assert float(model.loss(model.encode([sample]))) == pytest.approx(sum(expected) / len(expected), **CLOSE)

    def test_a_padded_batch_has_the_losses_of_its_samples_alone(self, model, samples):
        totals, counts = model.losses(model.encode(samples))
        assert totals.shape == counts.shape == (len(samples),)
        for sample, total, count in zip(samples, totals.tolist(), counts.tolist()):
            alone, tokens = model.losses(model.encode([sample]))
            assert (total, count) == pytest.approx((float(alone[0]), float(tokens[0])), **CLOSE)
        loss = model.loss(model.encode(samples))
        assert (loss.shape, loss.dtype) == ((), torch.float32)
        assert float(loss) == pytest.approx(float(totals.sum() / counts.sum()), **CLOSE)

    def test_answers_are_the_librarys_with_the_probability_of_every_token(self, model, reference, samples):
        answers = [model.answer([sample], WORDS)[0] for sample in samples]
        for sample, answer in zip(samples, answers):
            expected = reference.answer(sample)
            assert list(answer.tokens) == [token for token, _ in expected]
            assert answer.probabilities == pytest.approx([value for _, value in expected], **CLOSE)
            assert bool(answer.text) == bool(answer.tokens)
        assert any(answer.text for answer in answers)

    def test_answers_in_a_batch_are_those_alone(self, model, samples):
        for sample, answer in zip(samples, model.answer(samples, WORDS)):
            alone = model.answer([sample], WORDS)[0]
            assert (answer.text, answer.tokens) == (alone.text, alone.tokens)
            assert answer.probabilities == pytest.approx(alone.probabilities, **CLOSE)

    def test_what_a_pass_shows_or_grows_on_is_the_answer_asked_anew(self, model, samples):
        expected = [answer.text for answer in model.answer(samples)]
        told = model.foretold(model.encode([replace(samples[0], answer=expected[0] or "yes"), *samples[1:]]))
        assert [said for said, text in zip(expected, told.texts) if text is not None] == list(filter(None, told.texts))
        if told.read is not None:
            left = [said for said, text in zip(expected, told.texts) if text is None]
            assert (model.continued(told.read) if left else []) == left

    def test_an_answer_that_is_told_while_it_grows_is_the_same_to_the_bit(self, model, samples):
        for sample in samples:
            told = []
            answer = model.answer_aloud(sample, told.append, WORDS)
            assert answer == model.answer([sample], WORDS)[0]
            for heard in told:
                assert heard.tokens == answer.tokens[: len(heard.tokens)]
            assert not told or told[-1].tokens == answer.tokens
            # What grows is told after a repetition penalty, where a model has one; the finished answer is before it.
            penalty = getattr(getattr(model.module, "generation_config", None), "repetition_penalty", None)
            if told and penalty in (None, 1.0):
                assert told[-1].probabilities == pytest.approx(answer.probabilities, **CLOSE)

    def test_surprise_is_the_mean_loss_of_an_answers_tokens(self, model, samples):
        for sample in samples:
            assert model.surprise(sample) == pytest.approx(float(model.loss(model.encode([sample]))), **CLOSE)

    def test_every_layer_moves_the_loss(self, engine, samples, idle):
        bundle = engine.score(Settings("first-order", samples=len(samples), batch_size=2))
        assert tuple(layer.name for layer in bundle.layers if not layer.score > 0) == idle

    def test_replay_gives_the_scores_of_whole_passes(self, engine, samples, tmp_path, monkeypatch):
        settings = Settings("zeroth-order-block", samples=len(samples), eps=1e-2)
        replayed = engine.score(settings)
        assert "note" not in replayed.facts
        monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path))
        plain = engine.score(replace(settings, replay_bytes=0))
        for layer, whole in zip(replayed.layers, plain.layers, strict=True):
            assert layer.score == pytest.approx(whole.score, abs=1e-3)

    def test_pruned_to_the_weight_and_the_same_after_saving(self, engine, samples, tmp_path):
        recipe = Recipe(0.5, modalities=tuple(dict.fromkeys(layer.modality for layer in engine.model.layers)))
        dense = weights(engine.model)
        bundle = engine.score(Settings(samples=len(samples), batch_size=2))
        assert all(torch.equal(value, dense[name]) for name, value in weights(engine.model).items())
        allocation = allocate(bundle, recipe)
        assert allocation.total == sum(layer.size for layer in engine.model.layers)
        assert allocation.total_kept == allocation.total - allocation.total // 2
        save_pruned(engine, allocation, recipe, tmp_path / "pruned")
        again = self.open(tmp_path / "pruned")
        for layer, kept in zip(allocation.layers, allocation.kept):
            assert int(again.linears[layer.name].weight.count_nonzero()) == kept
        with engine.state(allocation, recipe) as pruned:
            assert weights(pruned).keys() == weights(again).keys()
            assert all(torch.equal(value, weights(pruned)[name]) for name, value in weights(again).items())
            assert again.answer(samples, WORDS) == pruned.answer(samples, WORDS)
        engine.prune(None)
        assert all(torch.equal(value, dense[name]) for name, value in weights(engine.model).items())

    def test_a_cancelled_run_leaves_every_weight_as_it_was(self, engine, samples):
        for method in ("zeroth-order", "first-order"):
            dense = weights(engine.model)
            with pytest.raises(Cancelled):
                engine.score(Settings(method, samples=len(samples), batch_size=2), lambda step: step.done < 1)
            assert all(torch.equal(value, dense[name]) for name, value in weights(engine.model).items())
            assert not any(parameter.grad is not None for parameter in engine.model.module.parameters())

    def test_bfloat16_loads_scores_and_answers(self, folder, source, samples, model):
        engine = Engine(self.open(folder, "bfloat16"), str(source))
        assert engine.dtype == torch.bfloat16
        bundle = engine.score(Settings("zeroth-order-block", samples=len(samples)))
        assert [layer.name for layer in bundle.layers] == [layer.name for layer in model.layers]
        wide, narrow = (float(each.loss(each.encode(samples))) for each in (model, engine.model))
        assert narrow == pytest.approx(wide, rel=0.2)
        assert len(engine.model.answer(samples, WORDS)) == len(samples)
