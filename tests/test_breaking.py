"""The ladder: every rung is a plain question's answer, the first change to 1%, nothing twice, nobody kept out."""

import threading
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from ecoflap import breaking
from ecoflap.allocation import allocate
from ecoflap.breaking import Ladder, Rung, Strip, climb, same_words
from ecoflap.errors import EcoflapError
from ecoflap.explorer import Explorer
from ecoflap.models.kinds import Description
from ecoflap.types import Answer, Loading, Recipe, Sample
from ecoflap.ui.laddering import ladder_value
from tests.tiny import weights
from tests.ui.fakes import small_bundle

PICTURE = Image.new("RGB", (40, 32), "red")
QUESTION = "what is there ?"
UNIFORM = Recipe(0.5, allocator="uniform")


class Stub:
    """An explorer whose model says "cat" where `right` says so of the sparsity; `asked` lists what it decoded at."""

    described = Description()

    def __init__(self, right, words="Cat.", wrong=("dog",), total=5.0):
        self.right, self.words, self.wrong, self.total, self.asked = right, words, wrong, total, []
        self.module, self.now, self.forwards = SimpleNamespace(generation_config=None), 0.0, 0

    def wait(self):
        return self

    def check_scored(self, recipe):
        pass

    def allocate(self, recipe):
        return allocate(small_bundle(), recipe)

    def dense(self, image, question):
        return Answer("cat", ("cat",), (0.9,))

    @contextmanager
    def state(self, allocation, recipe=None):
        self.now = 0.0 if allocation is None else round(100 * allocation.achieved)
        yield self

    def encode(self, samples):
        return {}

    def losses(self, batch):
        self.forwards += 1
        return torch.tensor([self.total if self.now else 0.1]), torch.tensor([2.0])

    def answer_aloud(self, sample, hear):
        self.asked.append(self.now)
        tokens = (self.words,) if self.right(self.now) else self.wrong
        for count in range(1, len(tokens) + 1):
            hear(Answer(" ".join(tokens[:count]), tokens[:count], (0.5,) * count))
        return Answer(" ".join(tokens), tokens, (0.5,) * len(tokens))


def last(states):
    return [*states][-1]


def opened(folder, samples):
    explorer = Explorer.open(str(folder), None, Loading("cpu"), str(samples))
    assert explorer.wait_prepared().ready
    return explorer


@pytest.mark.parametrize("edge", [1, 9, 10, 11, 46, 55, 64, 70, 89, 90])
def test_the_first_change_is_found_to_one_percent(edge):
    stub = Stub(lambda percent: percent < edge)
    strip = last(climb(stub, PICTURE, QUESTION, UNIFORM, ["uniform"])).strips[0]
    assert (strip.right_to, strip.wrong_from, strip.back) == (edge - 1, edge, ())
    assert [rung.percent for rung in strip.rungs] == sorted({*range(0, 91, 10), *(r.percent for r in strip.rungs)})
    assert len(strip.rungs) <= 14 and all(rung.same == (rung.percent < edge) for rung in strip.rungs)
    assert sorted(stub.asked) == [rung.percent for rung in strip.rungs][1:], "dense was asked, or one twice"


def test_an_answer_that_never_changes_has_no_break():
    strip = last(climb(Stub(lambda _: True), PICTURE, QUESTION, UNIFORM, ["uniform"])).strips[0]
    assert (strip.right_to, strip.wrong_from, strip.between) == (90, None, None)
    assert all(rung.same and rung.answer == "Cat." for rung in strip.rungs[1:])


def test_an_answer_that_comes_back_is_said_and_the_break_is_the_first_change():
    stub = Stub(lambda percent: percent < 42 or 60 <= percent < 85)
    strip = last(climb(stub, PICTURE, QUESTION, UNIFORM, ["uniform"])).strips[0]
    assert (strip.right_to, strip.wrong_from, strip.back) == (41, 42, (60, 70, 80))


def test_rungs_that_cap_or_locks_forbid_are_marked_and_the_rest_is_asked():
    capped = replace(UNIFORM, max_sparsity=0.6)
    strip = last(climb(Stub(lambda percent: percent < 33), PICTURE, QUESTION, capped, ["uniform"])).strips[0]
    assert [rung.percent for rung in strip.rungs if rung.problem] == [70, 80, 90]
    assert strip.rungs[-1].problem.code == "target_above_cap" and strip.rungs[-1].same is None
    assert (strip.right_to, strip.wrong_from) == (32, 33)
    block = small_bundle().layers[0].block
    locked = replace(UNIFORM, cap_margin=1.0, overrides={block: 0.9})
    strip = last(climb(Stub(lambda _: False), PICTURE, QUESTION, locked, ["uniform"])).strips[0]
    assert strip.rungs[0].problem is not None, "a lock at 90% and a target of 0%"
    assert (strip.right_to, strip.wrong_from) == (None, next(r.percent for r in strip.rungs if not r.problem))
    assert strip.between is None


def test_no_step_at_all_is_a_strip_of_reasons():
    strip = last(climb(Stub(lambda _: True), PICTURE, QUESTION, UNIFORM, ["none"])).strips[0]
    assert all("none" in rung.problem.text() for rung in strip.rungs) and strip.right_to is None


def test_the_same_allocation_is_asked_once_whoever_made_it():
    recipe = Recipe(0.5, granularity="model", modalities=("language",))
    stub = Stub(lambda percent: percent < 50)
    ladder = last(climb(stub, PICTURE, QUESTION, recipe, ["ecoflap", "uniform"]))
    assert ladder.strips[0].rungs == ladder.strips[1].rungs
    assert len(stub.asked) == len(set(stub.asked)) == len(ladder.strips[0].rungs) - 1


def test_an_answer_far_too_long_is_cut_and_wrong_however_it_begins():
    stub = Stub(lambda percent: percent < 50, wrong=("cat", ",") * 20)
    rung = last(climb(stub, PICTURE, QUESTION, UNIFORM, ["uniform"])).strips[0].rungs[-1]
    assert rung.cut and rung.same is False and rung.answer.count("cat") == breaking.LEAST / 2


def test_a_dense_answer_that_is_certain_is_not_decoded_unless_words_are_weighed_down():
    stub = Stub(lambda _: False, total=0.5)
    ladder = last(climb(stub, PICTURE, QUESTION, UNIFORM, ["uniform"]))
    assert stub.asked == [] and ladder.strips[0].right_to == 90
    assert [rung.loss for rung in ladder.strips[0].rungs[:2]] == pytest.approx([0.05, 0.25])
    stub.module.generation_config = SimpleNamespace(repetition_penalty=1.2)
    assert last(climb(stub, PICTURE, QUESTION, UNIFORM, ["uniform"])).strips[0].wrong_from == 1


def test_progress_counts_down_to_nothing():
    states = [*climb(Stub(lambda percent: percent < 57), PICTURE, QUESTION, UNIFORM, ["ecoflap", "uniform"])]
    left = [state.left for state in states]
    assert left == sorted(left, reverse=True) and left[-1] == 0 and left[0] == 27
    assert all(state.seconds >= 0 for state in states) and states[-1].seconds == 0
    assert [sum(len(strip.rungs) for strip in state.strips) for state in states] == list(range(1, len(states) + 1))


@pytest.mark.parametrize("total", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_none_and_the_model_is_heard(total):
    stub = Stub(lambda sparsity: sparsity < 50, total=total)
    strip = last(climb(stub, PICTURE, QUESTION, UNIFORM, ["uniform"])).strips[0]
    assert {rung.loss is None for rung in strip.rungs if rung.percent} == {True}
    assert (strip.right_to, strip.wrong_from) == (49, 50)
    assert ladder_value(Ladder("cat", (strip,), 0, 0.0), "en")["strips"][0]["rungs"][1]["loss"] is None


def test_a_pattern_has_no_ladder():
    with pytest.raises(EcoflapError, match="2:4 fixes every layer's sparsity"):
        next(climb(Stub(lambda _: True), PICTURE, QUESTION, Recipe(0.5, pattern="2:4"), ["uniform"]))


def test_words_are_compared_without_case_and_marks():
    assert same_words("A cat, a dog.", "a  cat a dog") and same_words("", " . ")
    assert not same_words("a cat", "cat a") and not same_words("no", "no no")


def test_a_strip_whose_neighbours_are_not_possible_stops_narrowing():
    gap = EcoflapError("target_above_cap", target=0.5, cap=0.1)
    strip = Strip("a", (Rung(40, "x", True), Rung(50, problem=gap), Rung(60, "y", False)))
    assert (strip.right_to, strip.wrong_from, strip.between) == (40, 60, None)


def test_every_rung_is_what_a_plain_question_gets(blip2_folder, sample_folder):
    explorer = opened(blip2_folder, sample_folder)
    dense = explorer.dense(PICTURE, QUESTION)
    sample = Sample(PICTURE, QUESTION, dense.text)
    ladder = last(climb(explorer, PICTURE, QUESTION, Recipe(0.5), ["ecoflap", "uniform"]))
    assert ladder.dense == dense.text
    for strip in ladder.strips:
        for rung in strip.rungs:
            recipe = Recipe(rung.percent / 100, allocator=strip.allocator)
            said = explorer.ask(PICTURE, QUESTION, recipe).pruned.text
            assert said.startswith(rung.answer) if rung.cut else said == rung.answer, (rung, said, dense)
            assert rung.same == same_words(said, dense.text)
            with explorer.engine.state(explorer.allocate(recipe), recipe) as model:
                assert rung.loss == pytest.approx(float(model.loss(model.encode([sample]))), abs=1e-5)
    explorer.close()


def test_others_are_let_in_between_rungs_and_whoever_stops_leaves_nothing_behind(t5_folder, sample_folder):
    explorer = opened(t5_folder, sample_folder)
    dense = weights(explorer.engine)
    alone = last(climb(explorer, PICTURE, QUESTION, Recipe(0.5), ["ecoflap"])).strips
    free, found = [], []

    def other():
        free.append(explorer.engine.lock.acquire(blocking=False))
        explorer.engine.lock.release()

    states = climb(explorer, PICTURE, QUESTION, Recipe(0.5), ["ecoflap"])
    for ladder in states:
        found.append(ladder.strips)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        explorer.engine.prune(explorer.allocate(Recipe(0.7)), Recipe(0.7))
    assert all(free) and found[-1] == alone
    states = climb(explorer, PICTURE, QUESTION, Recipe(0.5), ["ecoflap"])
    next(states), next(states)
    states.close()
    explorer.engine.prune(None)
    assert all(torch.equal(value, dense[name]) for name, value in weights(explorer.engine).items())
    explorer.close()


def test_what_is_not_decoded_on_the_demo_is_what_decoding_gives(monkeypatch):
    from ecoflap.ui import session

    explorer = Explorer.open("demo")
    assert explorer.wait_prepared().ready
    token = session.example_token(0)
    asked = session.picture_for(token), session.questions_for(token)[1], Recipe(0.5), ["ecoflap"]
    quick = last(climb(explorer, *asked))
    monkeypatch.setattr(breaking, "CERTAIN", 0.0)
    assert last(climb(explorer, *asked)).strips == quick.strips
    assert 0 < quick.strips[0].right_to < 90
    explorer.close()
